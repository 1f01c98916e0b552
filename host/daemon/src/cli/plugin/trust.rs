//! `dogwatch plugin trust`.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use dogwatch_client::Failure;
use dogwatch_plugins::{AnyPlugin, Library};
use toml_edit::{DocumentMut, Item, Table, value};

use super::inspect;
use crate::cli::common::say;
use crate::config::paths;
use crate::plugin_cache;

/// Shows what a plugin is, and pins its file in the configuration.
pub(super) fn run(name: &str, config: &Path) -> Result<(), Failure> {
    let directory = paths::plugins_dir_of(config).map_err(Failure::input)?;
    let Some(directory) = directory else {
        return Err(Failure::input(format!("{} names no plugins_dir", config.display())));
    };
    let file = directory.join(format!("{name}.wasm"));
    let sandbox = plugin_cache::sandbox(Some(&paths::state_dir_or_default(config))).map_err(Failure::other)?;
    let plugin = Library::load_file(sandbox, &file).map_err(Failure::input)?;
    let sha256 = plugin.sha256();
    let asks = match &plugin {
        AnyPlugin::Policy(_) => {
            "It decides when the signing key moves. It sees no key and no secret, and the rails hold."
        }
        AnyPlugin::Channel(_) => {
            "It turns alerts into requests. They go only to the hosts in allow_hosts of its [[channel]], and only with the secrets \
             given there."
        }
    };
    let unwritable = |error: io::Error| Failure::other(format!("cannot write {}: {error}", config.display()));
    let text = fs::read_to_string(config)
        .map_err(|error| Failure::input(format!("cannot read {}: {error}", config.display())))?;
    let pinned = pinned(&text, name, sha256).map_err(|why| Failure::input(format!("{}: {why}", config.display())))?;
    replace(config, &pinned).map_err(unwritable)?;
    say(format!(
        "{}\n{asks}\n\nWrote to {}:\n\n[plugin.{name}]\nsha256 = \"{sha256}\"\n\nAnother file is refused from the next start on. \
         Restart Dogwatch to apply it.",
        inspect::summary(&plugin),
        config.display()
    ))
}

/// Why a configuration cannot be edited.
#[derive(Debug, thiserror::Error)]
enum PinError {
    #[error(transparent)]
    Syntax(#[from] toml_edit::TomlError),
    #[error("{0} is no section")]
    NoSection(String),
}

/// The configuration with the pin in it; everything else stays as it is, comments included.
fn pinned(text: &str, name: &str, sha256: &str) -> Result<String, PinError> {
    let mut document: DocumentMut = text.parse()?;
    let plugins = document.entry("plugin").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let plugins = plugins.as_table_mut().ok_or_else(|| PinError::NoSection("plugin".to_owned()))?;
    let section = plugins.entry(name).or_insert_with(|| Item::Table(Table::new()));
    let section = section.as_table_mut().ok_or_else(|| PinError::NoSection(format!("plugin.{name}")))?;
    section.insert("sha256", value(sha256));
    Ok(document.to_string())
}

/// Puts a whole file in the place of another one, with the same mode.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // The file itself, if the path is a link to it.
    let path: PathBuf = fs::canonicalize(path)?;
    let before = fs::metadata(&path)?;
    let folder = path.parent().unwrap_or(&path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = folder.join(format!(".{name}.part"));
    fs::write(&half, "")?;
    // Before anything is in it: the configuration may hold what others must not read.
    fs::set_permissions(&half, before.permissions())?;
    // Whose file it was must be able to read it.
    chown(&half, Some(before.uid()), Some(before.gid()))?;
    fs::write(&half, text)?;
    fs::rename(&half, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_written_and_everything_else_stays() {
        let before = "# my site\nsite = \"fsn1\" # home\n\n[[witness]]\nname = \"alice\"\n";
        let once = pinned(before, "night-owl", "aa").unwrap();
        assert_eq!(once, format!("{before}\n[plugin.night-owl]\nsha256 = \"aa\"\n"));
        let twice = pinned(&once, "night-owl", "bb").unwrap();
        assert_eq!(twice, once.replace("aa", "bb"));
        assert!(pinned("plugin = 1", "night-owl", "aa").unwrap_err().to_string().contains("plugin is no section"));
    }
}
