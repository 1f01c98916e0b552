//! A fast devnet, and configurations for daemons on it.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use dogwatch_chain::{AccountName, SecretKey};
use dogwatch_devnet::{
    DevnetConfig, DevnetHandle, DevnetNodeConfig, DevnetServer, DevnetSlot, DevnetSlotOutcome, DevnetWitnessConfig,
    Elected, RunningDevnet,
};
use tempfile::TempDir;

use crate::support::{Sink, until};

pub(crate) const WITNESS: &str = "alice";

/// A running devnet with one witness and her three nodes.
#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) config: DevnetConfig,
    pub(crate) devnet: RunningDevnet,
    pub(crate) sink: Sink,
}

/// What distinguishes one daemon's configuration from another's.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) site: &'static str,
    pub(crate) mode: &'static str,
    /// Goes to the top of the file.
    pub(crate) top: String,
    /// Replaces the endpoints of the devnet.
    pub(crate) endpoints: Option<Vec<String>>,
    /// Goes into the witness's section.
    pub(crate) witness: String,
    /// Goes into the channel's section.
    pub(crate) channel: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            site: "test",
            mode: "armed",
            top: String::new(),
            endpoints: None,
            witness: String::new(),
            channel: String::new(),
        }
    }
}

impl Net {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With the blocks of a real chain, 3 seconds apart, for tests that count alerts: a busy machine delays a poll by more
    /// than a short slot, and that is an alert.
    pub(crate) async fn at_real_pace() -> Self {
        Self::with(|config| config.block_interval_ms = 3000).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut DevnetConfig)) -> Self {
        let node = |name: &str| DevnetNodeConfig { name: name.into(), signing_key: None, port: 0 };
        let mut config = DevnetConfig {
            block_interval_ms: 100,
            round_length: 10,
            witnesses: vec![DevnetWitnessConfig {
                name: AccountName::new(WITNESS).unwrap(),
                elected: Elected::EveryRound,
                active_key: None,
                nodes: ["primary", "second", "third"].map(node).into(),
            }],
            ..DevnetConfig::default()
        };
        change(&mut config);
        let devnet = DevnetServer::start(&config, [127, 0, 0, 1].into()).await.unwrap();
        Self { config, devnet, sink: Sink::start().await }
    }

    pub(crate) fn handle(&self) -> DevnetHandle {
        self.devnet.handle()
    }

    pub(crate) fn secret(&self, node: &str) -> SecretKey {
        let witness = &self.config.witnesses[0];
        witness.signing_secret(witness.nodes.iter().find(|known| known.name == node).unwrap())
    }

    /// The node that holds the signing key as of the last block.
    pub(crate) fn on_duty(&self) -> Option<String> {
        let snapshot = self.handle().snapshot();
        let witness = &snapshot.witnesses[&AccountName::new(WITNESS).unwrap()];
        witness.nodes.iter().find(|(_, node)| node.key == witness.signing_key).map(|(name, _)| name.clone())
    }

    pub(crate) fn key_changes(&self) -> usize {
        self.handle().snapshot().key_changes.len()
    }

    pub(crate) fn head(&self) -> u32 {
        self.handle().snapshot().head.0
    }

    /// How many of the last slots have a block of the witness by that node.
    pub(crate) fn blocks_by(&self, name: &str) -> usize {
        let by = |outcome: &DevnetSlotOutcome| matches!(outcome, DevnetSlotOutcome::Produced { node: Some(node), .. } if node == name);
        self.handle().snapshot().slots.iter().filter(|slot| by(&slot.outcome)).count()
    }

    /// Those of the last slots that the witness missed.
    pub(crate) fn missed(&self) -> Vec<DevnetSlot> {
        let mut slots = self.handle().snapshot().slots;
        slots.retain(|slot| slot.witness.as_str() == WITNESS && slot.outcome == DevnetSlotOutcome::Missed);
        slots
    }

    pub(crate) fn misses(&self) -> usize {
        self.missed().len()
    }

    /// Waits for this many more blocks or missed slots of the witness.
    pub(crate) async fn blocks(&self, more: u32) {
        let target = self.head() + more;
        until("the devnet goes on", async || self.head() >= target).await;
    }

    pub(crate) async fn own_misses(&self, more: usize) {
        let target = self.misses() + more;
        until("the witness misses slots", async || self.misses() >= target).await;
    }

    /// Writes a configuration and all its files into a directory.
    pub(crate) fn write(&self, directory: &Path, setup: &Setup) -> PathBuf {
        let path = directory.join("dogwatch.toml");
        std::fs::write(&path, self.toml(directory, setup)).unwrap();
        path
    }

    /// The same, with another key for that node than the one that it runs with.
    pub(crate) fn write_with_other_key(&self, directory: &Path, node: &str) -> PathBuf {
        let path = self.write(directory, &Setup::default());
        let (other, prefix) = (SecretKey::from_bytes([7; 32]).unwrap(), &self.devnet.profile().prefix);
        let public = |secret: &SecretKey| secret.public_key().display(prefix).to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace(&public(&self.secret(node)), &public(&other))).unwrap();
        std::fs::write(directory.join(format!("{node}.wif")), other.to_wif().as_str()).unwrap();
        path
    }

    pub(crate) fn toml(&self, directory: &Path, setup: &Setup) -> String {
        let profile = self.devnet.profile();
        let endpoints = setup.endpoints.clone().unwrap_or_else(|| self.devnet.rpc_urls());
        // Most nights are about misses: these cost the same whatever the moment of a crash.
        let policy = if setup.witness.contains("policy = ") { "" } else { "policy = \"threshold\"\n" };
        // Less often than by default: many daemons share two cores.
        let (probes, damping) = (setup.witness.contains("probe_interval = "), setup.witness.contains("probe_rise = "));
        let interval = self.devnet.profile().slots(2).as_millis();
        let probes = if probes { String::new() } else { format!("probe_interval = \"{interval}ms\"\n") };
        let damping = if damping { "" } else { "probe_rise = 2\n" };
        let mut toml = format!(
            "site = \"{}\"\nmode = \"{}\"\nstate_dir = {:?}\n{}\n[[chain]]\nname = \"devnet\"\nprofile = \"custom\"\n\
             endpoints = {endpoints:?}\n[chain.custom]\nlike = \"{}\"\nchain_id = \"{}\"\nblock_interval = \"{}ms\"\n\
             round_length = {}\n\n[[witness]]\nname = \"{WITNESS}\"\nchain = \"devnet\"\n{policy}{probes}{damping}{}\n",
            setup.site,
            setup.mode,
            directory.join("state"),
            setup.top,
            self.config.chain,
            profile.chain_id,
            profile.block_interval.as_millis(),
            profile.round_length,
            setup.witness,
        );
        for node in &self.config.witnesses[0].nodes {
            let secret = self.secret(&node.name);
            let file = directory.join(format!("{}.wif", node.name));
            std::fs::write(&file, &**secret.to_wif()).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            write!(
                toml,
                "[[witness.node]]\nname = \"{}\"\npublic_key = \"{}\"\nkey = {{ file = {file:?} }}\nprobe = \"{}\"\n",
                node.name,
                secret.public_key().display(&profile.prefix),
                self.devnet.node_url(WITNESS, &node.name).unwrap(),
            )
            .unwrap();
        }
        write!(
            toml,
            "\n[[channel]]\nname = \"pager\"\nplugin = \"webhook\"\nallow_hosts = [\"{0}\"]\n{1}\n\
             [channel.settings]\nurl = \"http://{0}/hook\"\n",
            self.sink.address, setup.channel
        )
        .unwrap();
        toml
    }

    pub(crate) fn directory() -> TempDir {
        TempDir::with_prefix("dogwatch-test-").unwrap()
    }
}
