//! Files that are hostile whatever is in them.

use std::fs;
use std::path::Path;

use dogwatch_hostile::{Guest, files};
use dogwatch_plugins::{Library, LibraryChange, LibraryError, Sandbox};
use tempfile::TempDir;

fn open(directory: &Path) -> Library {
    Library::open(Sandbox::new().unwrap(), Some(directory)).0
}

/// A library in which the good policy `mine` is in use.
fn in_use() -> (TempDir, Library) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("mine.wasm"), Guest::policy().module()).unwrap();
    let library = open(directory.path());
    library.policy("mine").unwrap();
    (directory, library)
}

/// What three looks at the directory find: a file that does not load is looked at twice.
fn looks(library: &Library) -> Vec<LibraryChange> {
    (0..3).flat_map(|_| library.refresh()).collect()
}

#[test]
fn what_takes_the_place_of_a_plugin_in_use_is_refused_once() {
    for hostile in files() {
        let (directory, library) = in_use();
        let path = directory.path().join("mine.wasm");
        fs::remove_file(&path).unwrap();
        (hostile.put)(&path);
        let changes = looks(&library);
        let [change @ LibraryChange::ReloadFailed(_)] = changes.as_slice() else { panic!("{hostile:?}: {changes:?}") };
        let told = change.to_string();
        assert!(
            told.contains(hostile.told) && told.contains("mine.wasm") && !told.contains(dogwatch_hostile::KEY),
            "{told}"
        );
        library.policy("mine").unwrap().describe().unwrap();
        // Whatever it was, a good file takes its place again.
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
        fs::write(&path, Guest::policy().module()).unwrap();
        let changes = looks(&library);
        assert!(matches!(changes.as_slice(), [LibraryChange::Reloaded { .. }]), "{hostile:?}: {changes:?}");
    }
}

#[test]
fn what_no_plugin_in_use_is_called_is_told_once_and_not_opened() {
    for hostile in files() {
        let (directory, library) = in_use();
        (hostile.put)(&directory.path().join("other.wasm"));
        assert_eq!(looks(&library).len(), 1, "{hostile:?}");
        assert!(looks(&library).is_empty(), "{hostile:?}");
        assert!(matches!(library.policy("other"), Err(LibraryError::NotFound { .. } | LibraryError::Load(_))));
        library.policy("mine").unwrap().describe().unwrap();
    }
}

#[test]
fn names_that_are_no_names_are_told_as_one_line() {
    let names = ["a\nb", "\u{1b}[2J", "\u{202e}gnp", "x\u{2066}y", &"n".repeat(240), "tab\there"];
    let (directory, library) = in_use();
    for name in names {
        fs::write(directory.path().join(format!("{name}.wasm")), b"x").unwrap();
    }
    let changes = looks(&library);
    assert_eq!(changes.len(), names.len(), "{changes:?}");
    for change in changes {
        let told = change.to_string();
        let fit = told.chars().all(|c| !c.is_control() && !"\u{202e}\u{2066}".contains(c)) && told.len() < 2000;
        assert!(fit && told.contains("has a name that no plugin can have"), "{told:?}");
    }
    for name in names {
        assert!(matches!(library.policy(name), Err(LibraryError::NotFound { .. })), "{name:?}");
    }
}

#[test]
fn ten_thousand_files_are_only_names() {
    let (directory, library) = in_use();
    for index in 0..10_000 {
        fs::write(directory.path().join(format!("n{index}.wasm")), b"x").unwrap();
    }
    assert_eq!(library.refresh().len(), 10_000);
    assert!(library.refresh().is_empty());
    let unknown = library.policy("nobody").unwrap_err().to_string();
    assert!(unknown.len() < 2000 && unknown.contains("more"), "{unknown}");
    library.policy("mine").unwrap().describe().unwrap();
}

#[test]
fn a_file_that_is_another_at_each_look_is_told_once() {
    let (directory, library) = in_use();
    let mut changes = Vec::new();
    for look in 0..100 {
        fs::write(directory.path().join("mine.wasm"), "x".repeat(look)).unwrap();
        changes.extend(library.refresh());
    }
    let [change @ LibraryChange::ReloadFailed(_)] = changes.as_slice() else { panic!("{changes:?}") };
    assert!(change.to_string().contains("is not WebAssembly"), "{change}");
    library.policy("mine").unwrap().describe().unwrap();
    // At rest it is a file like any other.
    assert!(matches!(looks(&library).as_slice(), [LibraryChange::ReloadFailed(_)]));
    fs::write(directory.path().join("mine.wasm"), Guest::policy().module()).unwrap();
    assert!(matches!(looks(&library).as_slice(), [LibraryChange::Reloaded { .. }]));
}
