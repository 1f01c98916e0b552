//! A daemon in a separate process.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::until;

/// The binary under test.
pub(crate) fn dogwatch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dogwatch"));
    // Each daemon would compile the same plugins.
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
    std::fs::create_dir_all(cache).unwrap();
    std::fs::set_permissions(cache, PermissionsExt::from_mode(0o700)).unwrap();
    command.env("CACHE_DIRECTORY", cache).env_remove("DOGWATCH_CONFIG").env_remove("DOGWATCH_LOG").kill_on_drop(true);
    command
}

#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) config: PathBuf,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Drop for Daemon {
    /// If the scenario failed, shows the daemon's log.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            println!("the end of the log of {}:", self.config.display());
            for line in &log[log.len().saturating_sub(60)..] {
                println!("  {line}");
            }
        }
    }
}

impl Daemon {
    pub(crate) fn start(config: &Path) -> Self {
        Self::start_with(config, |_| {})
    }

    pub(crate) fn start_with(config: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = dogwatch();
        command.args(["run", "--log-format", "json", "--config"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stderr, lines) = (child.stderr.take().unwrap(), Arc::clone(&log));
        tokio::spawn(async move {
            let mut reader = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                lines.lock().unwrap().push(line);
            }
        });
        Self { config: config.to_owned(), child, log }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Whether any line of the log holds all of these texts.
    pub(crate) fn logged(&self, texts: &[&str]) -> bool {
        self.log().iter().any(|line| texts.iter().all(|text| line.contains(text)))
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills the daemon with SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Stops the daemon with SIGTERM, as systemd does, and returns its exit code.
    pub(crate) async fn terminate(&mut self) -> Option<i32> {
        self.signal("TERM").await;
        self.child.wait().await.unwrap().code()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) async fn signal(&self, name: &str) {
        let process = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &process]).status().await.unwrap().success());
    }

    pub(crate) async fn command(&self, arguments: &[&str]) -> std::process::Output {
        self.to_run(arguments).output().await.unwrap()
    }

    /// The same, to be started.
    pub(crate) fn to_run(&self, arguments: &[&str]) -> Command {
        let mut command = dogwatch();
        command.args(arguments).arg("--config").arg(&self.config);
        command
    }

    pub(crate) async fn status(&self) -> Option<Value> {
        let output = self.command(&["status", "--json"]).await;
        serde_json::from_slice(&output.stdout).ok()
    }

    pub(crate) async fn witness(&self) -> Option<Value> {
        Some(self.status().await?["chains"][0]["witnesses"][0].clone())
    }

    /// Waits until the daemon could switch if it had to.
    pub(crate) async fn ready(&self) {
        until("the daemon is ready", async || {
            let Some(witness) = self.witness().await else { return false };
            let fit = witness["nodes"].as_array().unwrap().iter().all(|node| node["health"] == "healthy");
            fit && witness["slots"].as_str().unwrap().ends_with('+') && witness["verdict"] == "fine"
        })
        .await;
    }

    /// Waits until nothing is left to deliver.
    pub(crate) async fn delivered(&self) {
        until("all alerts are delivered", async || {
            self.status().await.is_some_and(|status| status["outbox"]["pending"] == 0)
        })
        .await;
    }
}
