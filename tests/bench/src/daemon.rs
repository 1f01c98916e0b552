//! `dogwatch run` in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long to wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    config: PathBuf,
    log: PathBuf,
}

/// The program under test, which lies beside this one.
pub(crate) fn path() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("dogwatch");
    ensure!(path.is_file(), "there is no {}; run the benchmarks with cargo xtask bench", path.display());
    Ok(path)
}

/// The same, for a command that ends with this program.
pub(crate) fn program() -> anyhow::Result<Command> {
    let mut command = Command::new(path()?);
    command.env_remove("DOGWATCH_CONFIG").env_remove("DOGWATCH_LOG").kill_on_drop(true).stdin(Stdio::null());
    Ok(command)
}

impl Daemon {
    /// Starts the daemon, with its log in a file as under a service manager.
    pub(crate) fn start(config: &Path) -> anyhow::Result<Self> {
        let log = config.with_file_name("daemon.log");
        let child = program()?
            .args(["run", "--config"])
            .arg(config)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .spawn()
            .context("the daemon could not be started")?;
        Ok(Self { child, config: config.to_owned(), log })
    }

    pub(crate) fn process(&self) -> anyhow::Result<u32> {
        self.child.id().context("the daemon has ended")
    }

    async fn witness(&self) -> anyhow::Result<Value> {
        let output = program()?.args(["status", "--json", "--config"]).arg(&self.config).output().await?;
        let status: Value = serde_json::from_slice(&output.stdout)?;
        status.pointer("/chains/0/witnesses/0").cloned().context("the status has no witness")
    }

    /// Waits until the daemon reports every node as healthy.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let witness = self.witness().await.unwrap_or_default();
            let nodes = witness.get("nodes").and_then(Value::as_array).cloned().unwrap_or_default();
            let healthy = |node: &Value| node.get("health").and_then(Value::as_str) == Some("healthy");
            if !nodes.is_empty() && nodes.iter().all(healthy) {
                return Ok(());
            }
            self.check(deadline, "the daemon finds every node healthy")?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Fails if the daemon has ended, or after too long a wait.
    pub(crate) fn check(&mut self, deadline: Instant, what: &str) -> anyhow::Result<()> {
        let ended = self.child.try_wait()?;
        if ended.is_none() && Instant::now() < deadline {
            return Ok(());
        }
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(20).collect();
        let end: Vec<&str> = last.into_iter().rev().collect();
        bail!("waited in vain until {what}; the daemon ended: {ended:?}; its log ends:\n{}", end.join("\n"))
    }

    /// Counts the lines of its log that hold this text.
    pub(crate) fn lines_with(&self, text: &'static str) -> anyhow::Result<LogLines> {
        Ok(LogLines { log: BufReader::new(std::fs::File::open(&self.log)?), line: String::new(), text, count: 0 })
    }
}

/// Lines of a log that hold a text.
#[derive(Debug)]
pub(crate) struct LogLines {
    log: BufReader<std::fs::File>,
    line: String,
    text: &'static str,
    count: usize,
}

impl LogLines {
    /// How many there are by now.
    pub(crate) fn count(&mut self) -> anyhow::Result<usize> {
        while self.log.read_line(&mut self.line)? > 0 {
            // The rest of a line may still be on its way.
            if self.line.ends_with('\n') {
                self.count += usize::from(self.line.contains(self.text));
                self.line.clear();
            }
        }
        Ok(self.count)
    }
}
