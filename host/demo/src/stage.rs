//! The demo's set-up: a devnet, a receiver of alerts, key files, a configuration, and the daemon as a process.

use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use dogwatch_chain::AccountName;
use dogwatch_client::{ControlClient, Status};
use dogwatch_devnet::{
    DevnetConfig, DevnetNodeConfig, DevnetServer, DevnetWitnessConfig, Elected, RunningDevnet, Snapshot,
};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::DemoFiles;
use crate::front::{Front, NAME};
use crate::scenario::{Breakdown, Scenario};
use crate::sink::{Received, Sink};

/// The watched witness.
pub(super) const WITNESS: &str = "alice";
/// Its nodes, in order of preference.
pub(super) const NODES: [&str; 3] = ["primary", "standby-1", "standby-2"];

#[derive(Debug)]
pub(super) struct Stage {
    devnet: RunningDevnet,
    sink: Sink,
    daemon: Child,
    log: mpsc::UnboundedReceiver<String>,
    told: usize,
    directory: Option<TempDir>,
    path: PathBuf,
    round: Duration,
    _front: Option<Front>,
}

impl Stage {
    pub(super) async fn set(scenario: Scenario, slot: Duration, files: DemoFiles) -> anyhow::Result<Self> {
        let mut directory =
            TempDir::with_prefix("dogwatch-demo-").context("cannot create a directory for the demo's files")?;
        directory.disable_cleanup(files == DemoFiles::Kept);
        let path = directory.path().to_owned();
        let node = |name: &str| DevnetNodeConfig { name: name.to_owned(), signing_key: None, port: 0 };
        let witness = DevnetWitnessConfig {
            name: AccountName::new(WITNESS)?,
            elected: Elected::EveryRound,
            active_key: None,
            nodes: NODES.into_iter().map(node).collect(),
        };
        let config = DevnetConfig {
            block_interval_ms: u32::try_from(slot.as_millis())?,
            witnesses: vec![witness],
            ..DevnetConfig::default()
        };
        let devnet = DevnetServer::start(&config, IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
        let sink = Sink::start().await.context("cannot open a port for the receiver of alerts")?;
        let front = match (scenario, devnet.rpc_urls().first()) {
            (Scenario::Incident2018, Some(url)) => Some(Front::before(url).await?),
            _ => None,
        };
        write_config(&path, &config, &devnet, &sink, front.as_ref())?;

        let mut daemon = Command::new(std::env::current_exe().context("cannot find this program's own file")?)
            .args(["run", "--log-format", "json", "--config"])
            .arg(path.join("dogwatch.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the daemon")?;
        let (sender, log) = mpsc::unbounded_channel();
        if let Some(stderr) = daemon.stderr.take() {
            tokio::spawn(async move {
                let mut lines = BufReader::new(stderr).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let round = devnet.profile().round();
        Ok(Self { devnet, sink, daemon, log, told: 0, directory: Some(directory), path, round, _front: front })
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.path.join("dogwatch.toml")
    }

    pub(super) fn round(&self) -> Duration {
        self.round
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.devnet.handle().snapshot()
    }

    pub(super) fn slot(&self) -> Duration {
        self.devnet.profile().block_interval
    }

    pub(super) fn strike(&self, node: &str, breakdown: Breakdown) -> anyhow::Result<()> {
        let devnet = self.devnet.handle();
        match breakdown {
            Breakdown::Killed => devnet.crash(WITNESS, node)?,
            Breakdown::Hung => devnet.hang(WITNESS, node)?,
        }
        Ok(())
    }

    pub(super) fn alerts(&self) -> Vec<Received> {
        self.sink.received()
    }

    /// How many switches have been reported as over.
    pub(super) fn resolved(&self) -> usize {
        let over = |alert: &&Received| alert.event == "resolved" && alert.key.ends_with("/switching");
        self.sink.received().iter().filter(over).count()
    }

    pub(super) async fn status(&self) -> Option<Status> {
        ControlClient::new(&self.path.join("state")).ok()?.get("/status").await.ok()
    }

    /// The daemon's exit status, if it has ended.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.daemon.try_wait().ok().flatten()
    }

    /// What the daemon has logged and which alerts have arrived since the last call.
    pub(super) fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        while let Ok(line) = self.log.try_recv() {
            news.extend(worth_telling(&line));
        }
        let received = self.sink.received();
        for alert in received.iter().skip(self.told) {
            news.push(format!("alert received ({} {}): {}", alert.severity, alert.event, alert.summary));
        }
        self.told = received.len();
        news
    }

    pub(super) async fn stop(&mut self) {
        let _ = self.daemon.start_kill();
        let _ = self.daemon.wait().await;
    }

    pub(super) fn keep(&mut self) -> &Path {
        self.directory = None;
        &self.path
    }
}

/// The lines of the daemon's log that tell the story.
fn worth_telling(line: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| event.get(name).and_then(serde_json::Value::as_str);
    let message = text("message")?;
    if message == "broadcast" {
        return Some(format!("dogwatch: sent to {}: {}", text("endpoint")?, text("outcome")?));
    }
    let decision = message.strip_prefix("decision: ").filter(|decision| *decision != "stay")?;
    Some(format!(
        "dogwatch decides: {decision}. Verdict {}; {}. Why: {}",
        text("verdict")?,
        text("evidence")?,
        text("reason")?
    ))
}

fn write_config(
    path: &Path,
    config: &DevnetConfig,
    devnet: &RunningDevnet,
    sink: &Sink,
    front: Option<&Front>,
) -> anyhow::Result<()> {
    let endpoints = match front {
        None => format!("endpoints = {:?}", devnet.rpc_urls()),
        Some(Front { address, authority, .. }) => {
            let file = path.join("authority.pem");
            std::fs::write(&file, authority).context("cannot write the authority's certificate")?;
            format!("endpoints = [{{ url = \"http://{NAME}\", address = \"{address}\" }}]\nauthority = {file:?}")
        }
    };
    let profile = devnet.profile();
    let witness = config.witnesses.first().context("the devnet has no witness")?;
    let mut nodes = String::new();
    for node in &witness.nodes {
        let secret = witness.signing_secret(node);
        let file = path.join(format!("{}.wif", node.name));
        write_private(&file, &secret.to_wif())?;
        nodes.push_str(&format!(
            "\n[[witness.node]]\nname = \"{}\"\npublic_key = \"{}\"\nkey = {{ file = {:?} }}\nprobe = \"{}\"\n",
            node.name,
            secret.public_key().display(&profile.prefix),
            file,
            devnet.node_url(WITNESS, &node.name).context("the node has no address")?,
        ));
    }
    let text = format!(
        "site = \"demo\"\nstate_dir = {:?}\nmode = \"armed\"\n\n\
         [[chain]]\nname = \"devnet\"\nprofile = \"custom\"\n{endpoints}\n\n\
         [chain.custom]\nlike = \"{}\"\nchain_id = \"{}\"\nblock_interval = \"{}ms\"\n\n\
         [[witness]]\nname = \"{WITNESS}\"\nchain = \"devnet\"\n{nodes}\n\
         [[channel]]\nname = \"pager\"\nplugin = \"webhook\"\nallow_hosts = [\"{}\"]\n\
         [channel.settings]\nurl = \"{}\"\n",
        path.join("state"),
        config.chain,
        profile.chain_id,
        profile.block_interval.as_millis(),
        sink.address(),
        sink.url(),
    );
    std::fs::write(path.join("dogwatch.toml"), text).context("cannot write the demo's configuration")
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}
