//! `dogwatch plugin trust`.

mod document;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use document::{Document, Uses};
use dogwatch_client::Failure;
use dogwatch_plugins::{
    AnyPlugin, ChannelPlugin, FileRules, Library, LoadProblem, SignatureInfo, inspect as look_into,
};

use super::inspect;
use crate::cli::common::say;
use crate::config::{PluginRules, paths, plugin_rules_of};
use crate::plugin_cache;

/// Shows what a plugin is and asks for, pins its file in the configuration, and grants it that.
pub(super) fn run(name: &str, config: &Path) -> Result<(), Failure> {
    let PluginRules { directory, rules, .. } = plugin_rules_of(config).map_err(Failure::input)?;
    let Some(directory) = directory else {
        return Err(Failure::input(format!("{} names no plugins_dir", config.display())));
    };
    let file = directory.join(format!("{name}.wasm"));
    let sandbox = plugin_cache::sandbox(Some(&paths::state_dir_or_default(config))).map_err(Failure::other)?;
    let (bytes, plugin) = Library::read_file(sandbox.clone(), &file).map_err(Failure::input)?;
    let plugin = plugin.map_err(Failure::input)?;
    let wrong = |why: &dyn std::fmt::Display| Failure::input(format!("{}: {why}", config.display()));
    let text = fs::read_to_string(config).map_err(|error| wrong(&format_args!("cannot be read: {error}")))?;
    let mut document = Document::parse(&text).map_err(|error| wrong(&error))?;
    let mut said = vec![inspect::summary(&plugin)];
    let imports = look_into(&bytes).map_err(|error| wrong(&error))?.imports;
    said.push(format!("imports   {}", if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") }));
    let (signature, problems) =
        standing(&Library::open_with(sandbox, Some(&directory), pinned(rules, name, &plugin)).0, name);
    said.extend(signature.map(|signature| format!("signed    {signature}")));
    let uses = match &plugin {
        AnyPlugin::Policy(_) => {
            said.push(POLICY.to_owned());
            None
        }
        AnyPlugin::Channel(channel) => {
            let hosts = document.hosts(name);
            let uses = asked(channel, &hosts)?;
            said.push(shown(&uses, &hosts, document.granted(name).as_ref()));
            Some(uses)
        }
    };
    document.trust(name, plugin.sha256(), uses.as_ref()).map_err(|error| wrong(&error))?;
    replace(config, &document.text())
        .map_err(|error| Failure::other(format!("cannot write {}: {error}", config.display())))?;
    said.push(format!(
        "\nWrote to {}:\n\n{}\n\nAnother file is refused from the next start on. Restart Dogwatch to apply it.",
        config.display(),
        document.section(name)
    ));
    said.extend(problems.iter().map(|problem| format!("! It is refused all the same: {problem}")));
    say(said.join("\n"))
}

const POLICY: &str = "It decides when the signing key moves. It sees no key and no secret, and the rails hold.";

/// The rules, as they are once the plugin is pinned.
fn pinned(mut rules: FileRules, name: &str, plugin: &AnyPlugin) -> FileRules {
    rules.pins.insert(name.to_owned(), plugin.sha256().to_owned());
    rules
}

/// Who signed the plugin, and why the daemon would refuse it.
fn standing(library: &Library, name: &str) -> (Option<SignatureInfo>, Vec<LoadProblem>) {
    let (infos, problems) = library.list_one(name);
    (infos.into_iter().next().and_then(|info| info.signature), problems)
}

/// What a channel's plugin asks for: the secrets that it describes, and the hosts that its channels allow.
fn asked(plugin: &ChannelPlugin, hosts: &BTreeMap<String, Vec<String>>) -> Result<Uses, Failure> {
    let description = plugin.describe().map_err(Failure::input)?;
    let secrets = description.secrets.into_iter().map(|secret| secret.name).collect();
    Ok(Uses { hosts: hosts.keys().cloned().collect(), secrets })
}

fn shown(uses: &Uses, hosts: &BTreeMap<String, Vec<String>>, before: Option<&Uses>) -> String {
    let mut lines = vec![
        "It turns alerts into requests. They go only to the hosts, and only with the secrets, that both its [[channel]] and its grant \
         have. It asks for:"
            .to_owned(),
    ];
    lines.extend(hosts.iter().map(|(host, channels)| format!("  host    {host} (channel {})", channels.join(", "))));
    if hosts.is_empty() {
        lines.push("  no host: no [[channel]] uses it yet. Once one does, trust it again.".to_owned());
    }
    lines.extend(uses.secrets.iter().map(|name| format!("  secret  {name}")));
    if let Some(before) = before {
        let more = uses.beyond(before);
        let named = |kind: &'static str, names: std::collections::BTreeSet<String>| {
            names.into_iter().map(move |name| format!("{kind} {name}"))
        };
        lines.push(if more.is_nothing() {
            "That is no more than it was granted before.".to_owned()
        } else {
            let all: Vec<String> = named("host", more.hosts).chain(named("secret", more.secrets)).collect();
            format!("! That is more than it was granted before: {}", all.join(", "))
        });
    }
    lines.join("\n")
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
