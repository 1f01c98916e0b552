//! A clock that is wrong for one process.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use tokio::process::Command;

/// A library to preload, which moves the clock of a process, and the file that says by how much.
#[derive(Debug)]
pub(crate) struct WrongClock {
    library: PathBuf,
    path: PathBuf,
    file: File,
}

impl WrongClock {
    /// Compiled into that directory; it is ahead by so many milliseconds, or behind if they are negative.
    pub(crate) async fn ahead(directory: &Path, millis: i64) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/end_to_end/support/clock_shim.c");
        let (library, path) = (directory.join("clock_shim.so"), directory.join("clock"));
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).status().await;
        assert!(
            compiled.unwrap().success(),
            "a C compiler is needed, as for the libraries that Dogwatch is built with"
        );
        let clock = Self { library, file: File::create(&path).unwrap(), path };
        clock.set_ahead(millis);
        clock
    }

    /// Sets it, also for processes that run.
    pub(crate) fn set_ahead(&self, millis: i64) {
        self.file.write_all_at(&millis.to_ne_bytes(), 0).unwrap();
    }

    /// The command goes by this clock.
    pub(crate) fn rule(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("CLOCK_SHIM", &self.path);
    }
}
