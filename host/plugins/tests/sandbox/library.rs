//! The bundled plugins and the operator's.

use std::fs;
use std::path::Path;

use dogwatch_plugins::{
    FileOwners, FileRules, Library, LibraryChange, LibraryError, LoadError, LoadProblem, PluginOrigin, Sandbox, World,
};
use tempfile::TempDir;

use crate::support::{bundled, directory, hostile_module};

fn open(directory: &TempDir) -> (Library, Vec<LoadProblem>) {
    Library::open(Sandbox::new().unwrap(), Some(directory.path()))
}

/// Puts a file in place as operators should: whole.
fn put(directory: &TempDir, name: &str, bytes: &[u8]) {
    let temporary = directory.path().join(".new");
    fs::write(&temporary, bytes).unwrap();
    fs::rename(temporary, directory.path().join(name)).unwrap();
}

/// The names of all that are bundled, in alphabetical order.
fn all() -> Vec<&'static str> {
    let mut names: Vec<_> = dogwatch_bundled::ALL.iter().map(|plugin| plugin.name).collect();
    names.sort_unstable();
    names
}

#[test]
fn bundled_plugins_are_there() {
    let (library, problems) = Library::open(Sandbox::new().unwrap(), None);
    assert!(problems.is_empty());
    assert_eq!(library.names(), all());
    let (infos, problems) = library.list();
    assert!(problems.is_empty(), "{problems:?}");
    for info in &infos {
        let policy = ["proactive", "threshold"].contains(&info.name.as_str());
        let world = if policy { World::Policy } else { World::Channel };
        assert_eq!((info.world, &info.origin), (world, &PluginOrigin::Bundled), "{}", info.name);
        assert_eq!((info.size, info.sha256.len()), (bundled(&info.name).len(), 64));
        assert_eq!(info.interface_version, if policy { "0.2.0" } else { "0.1.0" });
        let roles = info.description.roles;
        assert_eq!(roles.alerts || roles.heartbeats, !policy, "{}: {roles:?}", info.name);
    }
    assert!(library.refresh().is_empty());
}

#[test]
fn unknown_names_and_wrong_kinds_get_help() {
    let (library, _) = Library::open(Sandbox::new().unwrap(), None);
    let message = |error: LibraryError| error.to_string();
    assert_eq!(
        message(library.policy("treshold").unwrap_err()),
        "there is no plugin treshold; did you mean threshold?"
    );
    assert_eq!(
        message(library.channel("carrier-pigeon").unwrap_err()),
        format!("there is no plugin carrier-pigeon; there are: {}", all().join(", "))
    );
    assert_eq!(
        message(library.policy("webhook").unwrap_err()),
        "plugin webhook is a channel, but a policy is needed here"
    );
    assert!(matches!(library.channel("threshold"), Err(LibraryError::WrongWorld { found: World::Policy, .. })));
}

#[test]
fn a_broken_plugin_takes_no_other_down() {
    let files: [(&str, &[u8]); 6] = [
        ("broken.wasm", b"nonsense"),
        ("cut.wasm", &hostile_module()[..5000]),
        ("good.wasm", hostile_module()),
        (".hidden.wasm", b"nonsense"),
        ("half.wasm.part", b"nonsense"),
        ("readme.txt", b"hello"),
    ];
    let directory = directory(&files);
    fs::create_dir(directory.path().join("more.wasm")).unwrap();
    let (library, problems) = open(&directory);
    let mut names = all();
    names.extend(["broken", "cut", "good"]);
    names.sort_unstable();
    assert_eq!(library.names(), names);
    // The first bytes show that one is none; the other must be read.
    let [folder, LoadProblem { name, error: LoadError::NotWasm(_), .. }] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!((folder.name.as_str(), name.as_str()), ("more", "broken"));
    assert_eq!(library.policy("good").unwrap().describe().unwrap().name, "hostile");
    assert!(matches!(library.policy("cut"), Err(LibraryError::Load(_))));
    let (infos, problems) = library.list();
    assert_eq!((infos.len(), problems.len()), (all().len() + 1, 2));
    let text = problems[0].to_string();
    assert!(text.contains("plugin broken") && text.contains("broken.wasm") && text.contains("plain text"), "{text}");
}

#[test]
fn a_directory_that_is_not_there_is_a_problem() {
    let (library, problems) = Library::open(Sandbox::new().unwrap(), Some(Path::new("/nonexistent/plugins")));
    assert_eq!(library.names(), all());
    assert!(problems[0].to_string().contains("/nonexistent/plugins"), "{problems:?}");
    assert!(library.refresh().is_empty());
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    let directory = directory(&[("good.wasm", hostile_module())]);
    std::os::unix::fs::symlink(directory.path().join("good.wasm"), directory.path().join("link.wasm")).unwrap();
    let (library, problems) = open(&directory);
    assert!(!library.names().contains(&"link".to_owned()));
    assert!(problems[0].to_string().contains("not a regular file"), "{problems:?}");
}

#[test]
fn a_file_replaces_the_bundled_plugin_of_its_name() {
    let directory = directory(&[("threshold.wasm", hostile_module())]);
    let (library, _) = open(&directory);
    assert_eq!(library.policy("threshold").unwrap().describe().unwrap().name, "hostile");
    // Even a broken one: the operator meant to replace it, and must hear that it did not work.
    let (library, problems) = open(&crate::support::directory(&[("threshold.wasm", b"nonsense")]));
    assert_eq!(problems.len(), 1);
    assert!(matches!(library.policy("threshold"), Err(LibraryError::Load(_))));
}

#[test]
fn a_changed_file_is_loaded_anew() {
    let directory = directory(&[("mine.wasm", bundled("threshold"))]);
    let (library, _) = open(&directory);
    let before = library.policy("mine").unwrap();
    assert!(library.refresh().is_empty());
    put(&directory, "mine.wasm", hostile_module());
    let changes = library.refresh();
    let [LibraryChange::Reloaded { name, sha256 }] = changes.as_slice() else { panic!("{changes:?}") };
    let after = library.policy("mine").unwrap();
    assert_eq!((name.as_str(), sha256.as_str()), ("mine", after.sha256()));
    assert_eq!(after.describe().unwrap().name, "hostile");
    // Whoever still holds the old one can go on with it.
    assert_eq!(before.describe().unwrap().name, "threshold");
    assert!(library.refresh().is_empty());
    // The same bytes again are no change.
    put(&directory, "mine.wasm", hostile_module());
    assert!(library.refresh().is_empty());
}

#[test]
fn a_change_for_the_worse_keeps_what_was_good() {
    let directory = directory(&[("mine.wasm", bundled("threshold"))]);
    let (library, _) = open(&directory);
    library.policy("mine").unwrap();
    for (bytes, expected) in
        [(&b"nonsense"[..], "is not WebAssembly"), (bundled("webhook"), "is a channel, but replaces a policy")]
    {
        put(&directory, "mine.wasm", bytes);
        assert!(library.refresh().is_empty(), "it may still be being written");
        let changes = library.refresh();
        let [change @ LibraryChange::ReloadFailed(_)] = changes.as_slice() else { panic!("{changes:?}") };
        let text = change.to_string();
        assert!(text.contains(expected) && text.contains("version loaded before stays in use"), "{text}");
        assert!(library.refresh().is_empty(), "told once");
        assert_eq!(library.policy("mine").unwrap().describe().unwrap().name, "threshold");
    }
    put(&directory, "mine.wasm", bundled("threshold"));
    let changes = library.refresh();
    assert!(matches!(changes.as_slice(), [LibraryChange::Reloaded { .. }]), "what was good is back: {changes:?}");
    put(&directory, "mine.wasm", hostile_module());
    assert!(matches!(library.refresh().as_slice(), [LibraryChange::Reloaded { .. }]));
}

#[test]
fn files_come_and_go() {
    let directory = directory(&[("threshold.wasm", hostile_module()), ("mine.wasm", hostile_module())]);
    let (library, _) = open(&directory);
    library.policy("mine").unwrap();
    put(&directory, "new.wasm", b"nonsense");
    let changes = library.refresh();
    assert!(matches!(changes.as_slice(), [LibraryChange::Available { name }] if name == "new"), "{changes:?}");
    put(&directory, "new.wasm", hostile_module());
    let changes = library.refresh();
    assert!(matches!(changes.as_slice(), [LibraryChange::Available { name }] if name == "new"), "{changes:?}");
    assert_eq!(library.policy("new").unwrap().describe().unwrap().name, "hostile");
    for name in ["new.wasm", "mine.wasm", "threshold.wasm"] {
        fs::remove_file(directory.path().join(name)).unwrap();
    }
    let changes = library.refresh();
    assert_eq!(
        changes.iter().filter(|change| matches!(change, LibraryChange::Removed { .. })).count(),
        3,
        "{changes:?}"
    );
    assert!(library.refresh().is_empty());
    // In use: stays. Bundled and not in use: the bundled one again.
    assert_eq!(library.policy("mine").unwrap().describe().unwrap().name, "hostile");
    assert_eq!(library.policy("threshold").unwrap().describe().unwrap().name, "threshold");
    put(&directory, "mine.wasm", bundled("threshold"));
    assert!(matches!(library.refresh().as_slice(), [LibraryChange::Reloaded { .. }]));
}

#[test]
fn a_file_that_does_not_load_is_compiled_once() {
    let directory = directory(&[("mine.wasm", b"\0asm\x0d\0\x01\0\xff\xff\xff")]);
    let (library, _) = open(&directory);
    let first = library.policy("mine").unwrap_err();
    assert!(matches!(&first, LibraryError::Load(LoadProblem { error: LoadError::Invalid(_), .. })), "{first}");
    let again = library.policy("mine").unwrap_err();
    assert!(matches!(&again, LibraryError::Load(LoadProblem { error: LoadError::AsBefore(_), .. })), "{again}");
    assert_eq!(again.to_string(), first.to_string());
    put(&directory, "mine.wasm", bundled("threshold"));
    assert_eq!(library.refresh().len(), 1);
    library.policy("mine").unwrap();
}

#[test]
fn what_may_pass_is_tried_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = directory(&[("mine.wasm", bundled("threshold"))]);
    let rules = FileRules { owners: FileOwners::RootAndMe, ..FileRules::default() };
    let (library, _) = Library::open_with(Sandbox::new().unwrap(), Some(directory.path()), rules);
    library.policy("mine").unwrap();
    let open_to = |mode| fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
    open_to(0o777);
    put(&directory, "mine.wasm", bundled("proactive"));
    assert!(library.refresh().is_empty(), "it may still be being written");
    let changes = library.refresh();
    assert!(matches!(changes.as_slice(), [LibraryChange::ReloadFailed(_)]), "anybody may write there: {changes:?}");
    open_to(0o755);
    assert!(library.refresh().is_empty(), "told once");
    library.try_again();
    let changes = library.refresh();
    assert!(matches!(changes.as_slice(), [LibraryChange::Reloaded { .. }]), "{changes:?}");
}
