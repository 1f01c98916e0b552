//! The worked policies: the code on each page, up to `export_policy!`, is a plugin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::{blocks, page};
use crate::support::{build_project, said};

/// The plugins, and the folder that they lie in.
struct Worked {
    folder: TempDir,
    names: Vec<String>,
}

/// The plugins' files, by name.
pub(super) fn files() -> BTreeMap<&'static str, PathBuf> {
    static BUILT: LazyLock<Worked> = LazyLock::new(build);
    let file = |name: &'static String| (name.as_str(), BUILT.folder.path().join(name).with_extension("wasm"));
    BUILT.names.iter().map(file).collect()
}

fn dogwatch(folder: &Path, arguments: &[&str]) -> String {
    said(Command::new(env!("CARGO_BIN_EXE_dogwatch")).args(arguments).current_dir(folder))
}

/// The source of a plugin, by the plugin's name.
fn sources() -> BTreeMap<String, String> {
    let source = |page: &page::Page| {
        let code: Vec<_> = blocks::of(page).into_iter().filter(|block| block.language == "rust").collect();
        let [block] = code.as_slice() else { unreachable!("{}: its code is not one block", page.name) };
        let end = block.text.find("export_policy!").unwrap_or_else(|| unreachable!("{}: no plugin", block.place));
        let last = block.text[end..].find('\n').unwrap();
        block.text[..=end + last].to_owned()
    };
    page::all().iter().filter_map(|page| Some((page.worked_policy()?.to_owned(), source(page)))).collect()
}

/// Builds them one after the other in one project, so that the SDK is compiled once.
fn build() -> Worked {
    let folder = tempfile::tempdir().unwrap();
    dogwatch(folder.path(), &["plugin", "new", "worked"]);
    let project = folder.path().join("worked");
    let manifest = std::fs::read_to_string(project.join("Cargo.toml")).unwrap();
    let sources = sources();
    for (name, source) in &sources {
        std::fs::write(project.join("Cargo.toml"), manifest.replace("\"worked\"", &format!("{name:?}"))).unwrap();
        std::fs::write(project.join("src/lib.rs"), source).unwrap();
        let built = build_project(&project, &["--to", ".."]);
        assert!(!built.contains("warning: "), "{name}: {built}");
    }
    Worked { folder, names: sources.into_keys().collect() }
}

#[test]
fn worked_policies_pass_their_check() {
    let files = files();
    assert_eq!(files.len(), 5);
    for (name, file) in files {
        let folder = file.parent().unwrap();
        let checked = dogwatch(folder, &["plugin", "check", &format!("{name}.wasm")]);
        assert!(checked.ends_with(&format!("{name}.wasm works.\n")), "{checked}");
        assert!(checked.contains(&format!("ok    its description: {name} ")), "{checked}");
        let switches = |situation: &str| checked.contains(&format!("ok    {situation}: switch to helsinki: "));
        assert!(switches("two slots are missed") || name == "night-watch", "{checked}");
        for sound in ["a quiet night", "the chain stands still", "no endpoint answers", "a switch is under way"] {
            assert!(!switches(sound), "{sound}: {checked}");
        }
    }
}

#[test]
fn worked_policies_are_in_the_overview() {
    let overview = page::all().into_iter().find(|page| page.name == "docs/src/authors/worked.md").unwrap();
    for name in sources().into_keys() {
        let link = format!("(worked/{name}.md)");
        assert!(overview.text.contains(&link), "{} has no link to {name}", overview.name);
        assert!(overview.text.contains(&format!("| `{name}` |")), "{} has no figures of {name}", overview.name);
    }
}
