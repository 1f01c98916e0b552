//! The wall clock of a daemon, moved while it runs: Linux has none that belongs to one process.

use std::path::{Path, PathBuf};

use tokio::process::Command;

#[derive(Debug)]
pub(crate) struct WallClock {
    library: PathBuf,
    offset: PathBuf,
}

impl WallClock {
    /// Compiles the library that moves it.
    pub(crate) async fn compile(directory: &Path) -> Self {
        let (library, offset) = (directory.join("clock_shim.so"), directory.join("offset"));
        let source = directory.join("clock_shim.rs");
        std::fs::write(&source, include_str!("clock_shim.rs")).unwrap();
        let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        compiler.args(["--edition", "2024", "--crate-type", "cdylib", "-o"]).arg(&library).arg(&source);
        let output = compiler.current_dir(env!("CARGO_MANIFEST_DIR")).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let clock = Self { library, offset };
        clock.set_ahead(0);
        clock
    }

    /// Gives that process this clock.
    pub(crate) fn of(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("CLOCK_SHIM", &self.offset);
    }

    /// Sets it that many seconds ahead of the right time.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        // In one step: a daemon that reads half of it would see another time.
        let new = self.offset.with_extension("new");
        std::fs::write(&new, seconds.to_string()).unwrap();
        std::fs::rename(&new, &self.offset).unwrap();
    }
}
