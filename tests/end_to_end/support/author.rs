//! Somebody who signs plugins, and commands that are run to their end.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How a command ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

/// Runs the binary under test to its end.
pub(crate) fn ran(arguments: &[&str]) -> Ran {
    ran_with(arguments, |_| {})
}

/// The same, with something else about it.
pub(crate) fn ran_with(arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dogwatch"));
    // What daemons have compiled is not compiled again.
    command.env("CACHE_DIRECTORY", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command.args(arguments).env_remove("DOGWATCH_CONFIG").env_remove("DOGWATCH_SIGN_PASSWORD");
    change(&mut command);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Ran { code: output.status.code(), said: String::from_utf8_lossy(&said).into_owned() }
}

/// Somebody with a key of their own.
#[derive(Debug)]
pub(crate) struct Author {
    key: PathBuf,
}

impl Author {
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        let key = dir.join(name);
        let made = ran(&["plugin", "sign", "--new-key", key.to_str().unwrap(), "--no-password"]);
        assert_eq!(made.code, Some(0), "{}", made.said);
        Self { key }
    }

    /// The public key.
    pub(crate) fn public(&self) -> String {
        self.file().lines().nth(1).unwrap().to_owned()
    }

    /// The key's id.
    pub(crate) fn id(&self) -> String {
        self.file().lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
    }

    fn file(&self) -> String {
        std::fs::read_to_string(format!("{}.pub", self.key.display())).unwrap()
    }

    /// Puts a signature beside the file.
    pub(crate) fn sign(&self, file: &Path) {
        let signed = ran(&["plugin", "sign", file.to_str().unwrap(), "--key", self.key.to_str().unwrap()]);
        assert_eq!(signed.code, Some(0), "{}", signed.said);
    }
}
