//! Files that need a signature.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::symlink;
use std::path::Path;

use dogwatch_plugins::{
    Checked, FileRules, Library, LibraryChange, LibraryError, LoadError, PluginOrigin, PluginSignature, Sandbox,
    SignatureError, Signatures, SignerKey,
};
use minisign::KeyPair;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{bundled, directory, hostile_module};

fn author() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().unwrap()
}

fn signed(by: &KeyPair, wasm: &[u8]) -> String {
    minisign::sign(Some(&by.pk), &by.sk, Cursor::new(wasm), Some("version 3"), None).unwrap().into_string()
}

fn put(path: &Path, bytes: &[u8]) {
    let half = path.with_file_name(".half");
    fs::write(&half, bytes).unwrap();
    fs::rename(half, path).unwrap();
}

/// A library of that directory, where files must be signed by the author.
fn library(directory: &Path, author: &KeyPair) -> Library {
    let keys = vec![SignerKey::parse(&author.pk.to_base64()).unwrap()];
    let rules = FileRules { signatures: Signatures::RequiredBy(keys), ..FileRules::default() };
    let (library, problems) = Library::open_with(Sandbox::new().unwrap(), Some(directory), rules);
    assert!(problems.is_empty(), "{problems:?}");
    library
}

fn refusal(library: &Library) -> LoadError {
    let LibraryError::Load(problem) = library.policy("mine").unwrap_err() else { unreachable!("there is such a file") };
    problem.error
}

#[test]
fn only_a_signed_file_loads_and_bundled_plugins_need_no_signature() {
    let (author, wasm) = (author(), bundled("threshold"));
    let directory = directory(&[("mine.wasm", wasm)]);
    let library = library(directory.path(), &author);
    library.policy("threshold").unwrap();
    let unsigned = refusal(&library);
    assert!(matches!(&unsigned, LoadError::Unsigned { signature } if signature.ends_with("mine.wasm.minisig")));
    put(&directory.path().join("mine.wasm.minisig"), signed(&author, wasm).as_bytes());
    let changes = library.refresh();
    assert!(matches!(changes.as_slice(), [LibraryChange::Available { name }] if name == "mine"), "{changes:?}");
    library.policy("mine").unwrap();
    let (infos, problems) = library.list_one("mine");
    assert!(problems.is_empty(), "{problems:?}");
    let signature = infos[0].signature.clone().unwrap();
    assert_eq!((signature.comment.as_str(), signature.checked), ("version 3", Checked::Verified));
    assert!(library.list_one("threshold").0[0].signature.is_none());
}

#[test]
fn what_is_no_signature_by_the_author_is_refused() {
    let (author, other, wasm) = (author(), author(), bundled("threshold"));
    let good = signed(&author, wasm);
    let cases: [(&str, Vec<u8>); 7] = [
        ("by another key", signed(&other, wasm).into_bytes()),
        ("of other bytes", signed(&author, b"other").into_bytes()),
        ("cut short", good.as_bytes()[..good.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("no text", vec![0xff; 300]),
        ("10 MB", vec![b'a'; 10_000_000]),
        ("padded to 10 MB", [good.as_bytes(), &vec![b'\n'; 10_000_000]].concat()),
    ];
    for (what, bytes) in cases {
        let directory = directory(&[("mine.wasm", wasm)]);
        put(&directory.path().join("mine.wasm.minisig"), &bytes);
        let refused = refusal(&library(directory.path(), &author));
        let LoadError::BadSignature { error, .. } = refused else { panic!("{what}: {refused}") };
        let fits = match what {
            "by another key" => matches!(error, SignatureError::UnknownKey { .. }),
            "of other bytes" => matches!(error, SignatureError::Mismatch),
            "10 MB" | "padded to 10 MB" => matches!(error, SignatureError::TooLarge),
            _ => matches!(error, SignatureError::Malformed),
        };
        assert!(fits, "{what}: {error}");
    }
}

#[test]
fn links_pipes_and_directories_are_no_signatures() {
    let (author, wasm) = (author(), bundled("threshold"));
    let directory = directory(&[("mine.wasm", wasm), ("elsewhere", signed(&author, wasm).as_bytes())]);
    let path = directory.path().join("mine.wasm.minisig");
    for what in ["link", "pipe", "directory"] {
        match what {
            "link" => symlink(directory.path().join("elsewhere"), &path).unwrap(),
            "pipe" => mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).unwrap(),
            _ => fs::create_dir(&path).unwrap(),
        }
        let refused = refusal(&library(directory.path(), &author)).to_string();
        assert!(refused.contains("not a regular file"), "{what}: {refused}");
        if what == "directory" { fs::remove_dir(&path).unwrap() } else { fs::remove_file(&path).unwrap() }
    }
}

#[test]
fn a_file_changed_after_it_was_signed_does_not_replace_the_one_in_use() {
    let (author, wasm) = (author(), bundled("threshold"));
    let directory = directory(&[("mine.wasm", wasm), ("mine.wasm.minisig", signed(&author, wasm).as_bytes())]);
    let library = library(directory.path(), &author);
    library.policy("mine").unwrap();
    put(&directory.path().join("mine.wasm"), hostile_module());
    assert!(library.refresh().is_empty(), "its signature may still come");
    let changes = library.refresh();
    let [change @ LibraryChange::ReloadFailed(_)] = changes.as_slice() else { panic!("{changes:?}") };
    assert!(change.to_string().contains("mine.wasm.minisig does not fit the file"), "{change}");
    assert!(library.refresh().is_empty(), "told once");
    assert_eq!(library.policy("mine").unwrap().describe().unwrap().name, "threshold");
    assert!(library.in_use("mine").is_none(), "nor is it kept for a later start");

    // The signature alone is new.
    put(&directory.path().join("mine.wasm.minisig"), signed(&author, hostile_module()).as_bytes());
    let changes = library.refresh();
    assert!(matches!(changes.as_slice(), [LibraryChange::Reloaded { .. }]), "{changes:?}");
    assert_eq!(library.policy("mine").unwrap().describe().unwrap().name, "hostile");

    // Without it, the next start would refuse the file.
    fs::remove_file(directory.path().join("mine.wasm.minisig")).unwrap();
    assert!(library.refresh().is_empty());
    let changes = library.refresh();
    let [change @ LibraryChange::ReloadFailed(_)] = changes.as_slice() else { panic!("{changes:?}") };
    assert!(change.to_string().contains("is not signed"), "{change}");
}

#[test]
fn what_is_in_use_is_kept_with_its_signature() {
    let (author, wasm) = (author(), bundled("threshold"));
    let signature = signed(&author, wasm);
    let directory = directory(&[("mine.wasm", wasm), ("mine.wasm.minisig", signature.as_bytes())]);
    let library = library(directory.path(), &author);
    assert!(library.in_use("mine").is_none(), "not in use");
    for name in ["mine", "proactive"] {
        library.policy(name).unwrap();
    }
    let mine = library.in_use("mine").unwrap();
    assert_eq!((mine.wasm.as_slice(), mine.signature), (wasm, Some(signature)));
    let proactive = library.in_use("proactive").unwrap();
    assert_eq!((proactive.origin, proactive.signature), (PluginOrigin::Bundled, None));
}

#[test]
fn where_no_signature_is_required_one_changes_nothing() {
    let (author, wasm) = (author(), bundled("threshold"));
    let directory = directory(&[("mine.wasm", wasm), ("other.wasm.minisig", b"nonsense")]);
    let (library, problems) = Library::open(Sandbox::new().unwrap(), Some(directory.path()));
    assert!(problems.is_empty() && !library.names().contains(&"other".to_owned()), "{problems:?}");
    library.policy("mine").unwrap();
    put(&directory.path().join("mine.wasm.minisig"), signed(&author, wasm).as_bytes());
    assert!(library.refresh().is_empty());
    let signature = library.list_one("mine").0[0].signature.clone().unwrap();
    assert_eq!(signature.checked, Checked::Unverified);
    let beside = PluginSignature::beside(&directory.path().join("mine.wasm")).unwrap().unwrap();
    assert_eq!(beside.key(), signature.key);
}
