//! A devnet whose witness has three probed nodes, and the configuration of a daemon for it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use dogwatch_chain::AccountName;
use dogwatch_devnet::{DevnetConfig, DevnetNodeConfig, DevnetServer, DevnetWitnessConfig, Elected, RunningDevnet};
use tempfile::TempDir;

use crate::sink::Sink;

pub(crate) const WITNESS: &str = "alice";
const NODES: [&str; 3] = ["primary", "standby-1", "standby-2"];

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) devnet: RunningDevnet,
    config: DevnetConfig,
    sink: Sink,
    directory: TempDir,
}

impl Stage {
    pub(crate) async fn set(slot: Duration, round_length: u32) -> anyhow::Result<Self> {
        let node = |name: &str| DevnetNodeConfig { name: name.to_owned(), signing_key: None, port: 0 };
        let witness = DevnetWitnessConfig {
            name: AccountName::new(WITNESS)?,
            elected: Elected::EveryRound,
            active_key: None,
            nodes: NODES.into_iter().map(node).collect(),
        };
        let config = DevnetConfig {
            block_interval_ms: u32::try_from(slot.as_millis())?,
            round_length,
            witnesses: vec![witness],
            ..DevnetConfig::default()
        };
        let devnet = DevnetServer::start(&config, IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
        Ok(Self { devnet, config, sink: Sink::start().await?, directory: directory()? })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes the configuration, with these endpoints and these lines in the witness's section.
    pub(crate) fn write(&self, endpoints: &[String], witness_lines: &str) -> anyhow::Result<PathBuf> {
        let profile = self.devnet.profile();
        let policy = if witness_lines.contains("policy = ") { "" } else { "policy = \"threshold\"\n" };
        let mut text = format!(
            "site = \"bench\"\nstate_dir = {:?}\nmode = \"armed\"\n\n\
             [[chain]]\nname = \"devnet\"\nprofile = \"custom\"\nendpoints = {endpoints:?}\n\n\
             [chain.custom]\nlike = \"{}\"\nchain_id = \"{}\"\nblock_interval = \"{}ms\"\nround_length = {}\n\n\
             [[witness]]\nname = \"{WITNESS}\"\nchain = \"devnet\"\n{policy}{witness_lines}\n",
            self.path().join("state"),
            self.config.chain,
            profile.chain_id,
            profile.block_interval.as_millis(),
            profile.round_length,
        );
        let witness = self.config.witnesses.first().context("the devnet has no witness")?;
        for node in &witness.nodes {
            let secret = witness.signing_secret(node);
            let file = self.path().join(format!("{}.wif", node.name));
            let mut key = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&file)?;
            key.write_all(secret.to_wif().as_bytes())?;
            write!(
                text,
                "\n[[witness.node]]\nname = \"{}\"\npublic_key = \"{}\"\nkey = {{ file = {file:?} }}\nprobe = \"{}\"\n",
                node.name,
                secret.public_key().display(&profile.prefix),
                self.devnet.node_url(WITNESS, &node.name).context("the node has no address")?,
            )?;
        }
        write!(
            text,
            "\n[[channel]]\nname = \"pager\"\nplugin = \"webhook\"\nallow_hosts = [\"{0}\"]\n\
             [channel.settings]\nurl = \"http://{0}/alert\"\n",
            self.sink.address
        )?;
        let path = self.path().join("dogwatch.toml");
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Where its nodes answer.
    pub(crate) fn node_urls(&self) -> Vec<String> {
        NODES.iter().filter_map(|node| self.devnet.node_url(WITNESS, node)).collect()
    }

    /// The node with the key of the newest block.
    pub(crate) fn on_duty(&self) -> Option<String> {
        let snapshot = self.devnet.handle().snapshot();
        let witness = snapshot.witnesses.get(&AccountName::new(WITNESS).ok()?)?;
        witness.nodes.iter().find(|(_, node)| node.key == witness.signing_key).map(|(name, _)| name.clone())
    }
}

/// A directory beside this program. `/tmp` may be in memory, where a commit to disk costs nothing; the checkout is on a
/// disk.
pub(crate) fn directory() -> anyhow::Result<TempDir> {
    let program = std::env::current_exe().context("this program's own file is gone")?;
    let beside = program.parent().context("this program is in no directory")?;
    TempDir::with_prefix_in("bench-", beside).context("no directory for the benchmark's files")
}
