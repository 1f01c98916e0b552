//! Where a page's commands run.

use std::path::Path;
use std::time::Duration;

use dogwatch_devnet::DevnetNodeConfig;
use tempfile::TempDir;

use super::Block;
use crate::book::page;
use crate::book::plugins::patient;
use crate::support::{Daemon, Net, Setup, dogwatch, etc};

/// How long a daemon's state may take to match the page.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory, the exit code of the last command, and a daemon if a block needs one.
pub(super) struct Session {
    dir: TempDir,
    code: Option<i32>,
    live: Option<(Net, Daemon)>,
}

impl Session {
    pub(super) fn new() -> Self {
        Self { dir: Net::directory(), code: None, live: None }
    }

    /// Writes a file into the directory.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), etc(self.dir.path(), text)).unwrap();
    }

    /// Runs a command. With a daemon, repeats it until the output matches, because the daemon's state changes.
    pub(super) async fn run(&mut self, block: &Block, command: &str, fits: &(dyn Fn(&str) -> bool + Sync)) -> String {
        if block.is("patient") {
            std::fs::create_dir_all(self.dir.path().join("plugins")).unwrap();
            std::fs::copy(patient(), self.dir.path().join("plugins/patient.wasm")).unwrap();
            let nights = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/policy/nights");
            let _ = std::os::unix::fs::symlink(nights, self.dir.path().join("nights"));
        }
        let examples = self.dir.path().join("examples");
        if block.is("examples") && !examples.exists() {
            std::os::unix::fs::symlink(page::root().join("examples"), &examples).unwrap();
        }
        if block.is("daemon") && self.live.is_none() {
            self.live = Some(live(self.dir.path()).await);
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let said = self.once(block, command).await;
            if fits(&said) || !block.is("daemon") || tokio::time::Instant::now() > deadline {
                return said;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn once(&mut self, block: &Block, command: &str) -> String {
        if command == "echo $?" {
            return format!("{}\n", self.code.unwrap_or(-1));
        }
        // `cargo xtask demo` builds the binary and runs this; here with shorter slots.
        let command = command.replace("cargo xtask demo", "dogwatch demo --slot-ms 100");
        let mut words = words(&command.replace("/etc/dogwatch", self.dir.path().to_str().unwrap()));
        assert!(!words.is_empty() && words.remove(0) == "dogwatch", "{}: {command}: not to be run", block.place);
        let mut process = dogwatch();
        process
            .args(words)
            .current_dir(self.dir.path())
            .env("COLUMNS", "100")
            .env_remove("USER")
            .env_remove("SUDO_USER");
        if self.live.is_some() {
            process.env("DOGWATCH_CONFIG", self.dir.path().join("dogwatch.toml")).env("USER", "alice");
        }
        let output = process.output().await.unwrap();
        self.code = output.status.code();
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).replace(self.dir.path().to_str().unwrap(), "/etc/dogwatch")
    }
}

/// A daemon that watches alice and her three healthy nodes.
async fn live(dir: &Path) -> (Net, Daemon) {
    let node = |name: &str| DevnetNodeConfig { name: name.into(), signing_key: None, port: 0 };
    let net =
        Net::with(|config| config.witnesses[0].nodes = ["primary", "standby", "emergency"].map(node).into()).await;
    let daemon = Daemon::start(&net.write(dir, &Setup { site: "fsn1", ..Setup::default() }));
    daemon.ready().await;
    (net, daemon)
}

/// Splits a command into words as a shell does.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match (c, quote) {
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
