//! Things in the plugin directory that are hostile as files, whatever is in them.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::guest::Guest;

/// Something that can be put into the plugin directory.
#[derive(Clone, Copy)]
pub struct HostileFile {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// What it is.
    pub is: &'static str,
    /// Words of what the operator is told where it takes the place of a plugin in use, which stays.
    pub told: &'static str,
    /// Puts it at that path, where nothing is yet.
    pub put: fn(&Path),
}

impl std::fmt::Debug for HostileFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What a key file holds: nobody must ever read it in an alert.
pub const KEY: &str = "5JHostileHostileHostileHostileHostileHostileHostileK";

/// All of them.
#[must_use]
pub fn files() -> Vec<HostileFile> {
    let no_file = "it is not a regular file";
    vec![
        HostileFile {
            name: "named-pipe",
            is: "a pipe that nobody writes to",
            told: no_file,
            put: |path| {
                assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
            },
        },
        HostileFile {
            name: "symbolic-link",
            is: "a symbolic link to a good plugin",
            told: no_file,
            put: |path| {
                let target = path.with_extension("target");
                fs::write(&target, Guest::policy().module()).expect("a file");
                symlink(target, path).expect("a link");
            },
        },
        HostileFile {
            name: "link-to-a-device",
            is: "a symbolic link to a device that never ends",
            told: no_file,
            put: |path| {
                symlink("/dev/zero", path).expect("a link");
            },
        },
        HostileFile {
            name: "link-to-itself",
            is: "a symbolic link to itself",
            told: no_file,
            put: |path| {
                symlink(path, path).expect("a link");
            },
        },
        HostileFile {
            name: "hard-link-to-a-key",
            is: "a second name of a file with a key in it",
            told: "is not WebAssembly",
            put: |path| {
                let key = path.with_extension("key");
                let mut options = fs::OpenOptions::new();
                let mut file = options.write(true).create_new(true).mode(0o600).open(&key).expect("a file");
                std::io::Write::write_all(&mut file, KEY.as_bytes()).expect("a key");
                fs::hard_link(&key, path).expect("a link");
            },
        },
        HostileFile {
            name: "directory",
            is: "a directory",
            told: no_file,
            put: |path| fs::create_dir(path).expect("a directory"),
        },
        HostileFile {
            name: "too-large",
            is: "a byte larger than a plugin may be, nearly all of it a hole",
            told: "is larger than a plugin may be",
            put: |path| {
                let file = fs::File::create(path).expect("a file");
                file.set_len((64 << 20) + 1).expect("a hole");
            },
        },
    ]
}
