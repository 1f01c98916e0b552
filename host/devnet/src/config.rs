//! What a devnet is made of.

use std::time::Duration;

use dogwatch_chain::{AccountName, ChainId, FutureSchedule, KeyError, KeyPrefix, Profile, ProfileError, SecretKey};
use serde::Deserialize;

use crate::seed::derive_key;

/// A devnet's configuration. Every field has a default; unknown ones are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DevnetConfig {
    /// The built-in profile to follow: field names, assets, future schedule, strictness.
    pub chain: String,
    /// Overrides the profile's chain id.
    pub chain_id: Option<ChainId>,
    /// Overrides the prefix of public keys.
    pub prefix: Option<KeyPrefix>,
    /// Overrides the liquid symbol, in JSON and in the bytes.
    pub liquid: Option<String>,
    /// Overrides the debt symbol, in JSON and in the bytes.
    pub debt: Option<String>,
    /// Milliseconds from slot to slot, 50 to 3000.
    pub block_interval_ms: u32,
    /// Slots in a round.
    pub round_length: u32,
    /// Where every random choice comes from.
    pub seed: u64,
    /// Number of public RPC nodes.
    pub rpc_nodes: usize,
    /// Filler witnesses beyond those that fill a round. Without any, one disabled witness shortens the schedule.
    pub spare: u32,
    /// When a block can no longer be undone; by default as on the chain of the profile.
    pub irreversible: Option<Irreversible>,
    /// How long a transaction takes from one RPC node to the others; by default about 0.3 of an interval.
    pub gossip_ms: Option<u32>,
    /// The witnesses to be watched. All others are fillers called `fill01`, `fill02`, …
    pub witnesses: Vec<WitnessConfig>,
    /// Ports of the RPC nodes, in order; 0 or none: any free one.
    pub rpc_ports: Vec<u16>,
    /// Port of the control endpoint; 0: any free one.
    pub control_port: u16,
}

/// A watched witness.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Its account.
    pub name: AccountName,
    /// The account's active key; by default derived from `"<name>/active"`.
    pub active_key: Option<KeySource>,
    /// Its block-producing nodes. The chain starts with the first one's key.
    pub nodes: Vec<NodeConfig>,
}

/// One block-producing node of a watched witness.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// What it is called.
    pub name: String,
    /// Its signing key; by default derived from `"<witness>/<node>"`.
    pub signing_key: Option<KeySource>,
    /// Port of its status endpoint; 0: any free one.
    #[serde(default)]
    pub port: u16,
}

/// A private key in the configuration: a WIF, or `seed:` and a text whose sha256 is the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct KeySource(SecretKey);

impl KeySource {
    /// The key itself.
    pub fn secret(&self) -> &SecretKey {
        &self.0
    }
}

impl From<SecretKey> for KeySource {
    fn from(key: SecretKey) -> Self {
        Self(key)
    }
}

impl TryFrom<String> for KeySource {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.strip_prefix("seed:").map_or_else(|| SecretKey::from_wif(&text), |seed| Ok(derive_key(seed))).map(Self)
    }
}

/// When blocks become irreversible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Irreversible {
    /// At once, as on Hive since one-block irreversibility.
    OneBlock,
    /// After two thirds of a round, as on Steem.
    Lag,
}

/// A configuration that makes no chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not TOML, or not these fields.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// The profile is unknown or its overrides do not fit.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The interval is out of range.
    #[error("block_interval_ms is {0}; a devnet takes 50 to 3000")]
    Interval(u32),
    /// The round is too short for the watched witnesses and one filler.
    #[error("round_length is {round}; with {watched} watched witnesses it must be {least} to 100")]
    Round {
        /// As configured.
        round: u32,
        /// How many watched witnesses there are.
        watched: usize,
        /// What is needed at least.
        least: usize,
    },
    /// No RPC node, or too many.
    #[error("rpc_nodes is {0}; a devnet takes 1 to 64")]
    RpcNodes(usize),
    /// A witness without nodes.
    #[error("witness {0} has no nodes")]
    NoNodes(AccountName),
    /// A name given twice.
    #[error("{0} is there twice")]
    Twice(String),
    /// Too many spare witnesses.
    #[error("spare is {0}; a devnet takes at most 100")]
    Spare(u32),
}

impl Default for DevnetConfig {
    /// A Hive-like test chain with the witness `alice` and her nodes `primary` and `standby`.
    fn default() -> Self {
        let node = |name: &str| NodeConfig { name: name.into(), signing_key: None, port: 0 };
        let alice = AccountName::new("alice").into_iter().map(|name| WitnessConfig {
            name,
            active_key: None,
            nodes: vec![node("primary"), node("standby")],
        });
        Self {
            chain: "hive-testnet".into(),
            chain_id: None,
            prefix: None,
            liquid: None,
            debt: None,
            block_interval_ms: 3000,
            round_length: 21,
            seed: 1,
            rpc_nodes: 3,
            spare: 4,
            irreversible: None,
            gossip_ms: None,
            witnesses: alice.collect(),
            rpc_ports: Vec::new(),
            control_port: 0,
        }
    }
}

impl DevnetConfig {
    /// Reads the TOML form.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Ok(toml::from_str(text)?)
    }

    /// What a client must know of the chain.
    pub fn profile(&self) -> Result<Profile, ConfigError> {
        if !(50..=3000).contains(&self.block_interval_ms) {
            return Err(ConfigError::Interval(self.block_interval_ms));
        }
        let base = Profile::by_name(&self.chain)?;
        let profile = Profile {
            chain_id: self.chain_id.unwrap_or(base.chain_id),
            prefix: self.prefix.clone().unwrap_or(base.prefix),
            wire_liquid: self.liquid.clone().unwrap_or(base.wire_liquid),
            wire_debt: self.debt.clone().unwrap_or(base.wire_debt),
            liquid: self.liquid.clone().unwrap_or(base.liquid),
            debt: self.debt.clone().unwrap_or(base.debt),
            block_interval: Duration::from_millis(u64::from(self.block_interval_ms)),
            round_length: self.round_length,
            ..base
        };
        Ok(profile.validated()?)
    }

    /// When blocks become irreversible on this devnet.
    pub(crate) fn irreversible(&self, profile: &Profile) -> Irreversible {
        self.irreversible.unwrap_or(match profile.future_schedule {
            FutureSchedule::Published => Irreversible::OneBlock,
            FutureSchedule::Unknown => Irreversible::Lag,
        })
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let watched = self.witnesses.len();
        let least = watched.saturating_add(2);
        let round = usize::try_from(self.round_length).unwrap_or(usize::MAX);
        if !(least..=100).contains(&round) {
            return Err(ConfigError::Round { round: self.round_length, watched, least });
        }
        if !(1..=64).contains(&self.rpc_nodes) {
            return Err(ConfigError::RpcNodes(self.rpc_nodes));
        }
        if self.spare > 100 {
            return Err(ConfigError::Spare(self.spare));
        }
        let mut names: Vec<String> = Vec::new();
        for witness in &self.witnesses {
            if witness.nodes.is_empty() {
                return Err(ConfigError::NoNodes(witness.name.clone()));
            }
            names.push(witness.name.to_string());
            names.extend(witness.nodes.iter().map(|node| format!("{}/{}", witness.name, node.name)));
        }
        names.sort();
        match names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(a.clone()),
            _ => None,
        }) {
            Some(name) => Err(ConfigError::Twice(name)),
            None => Ok(()),
        }
    }
}

impl WitnessConfig {
    /// The account's active private key.
    pub fn active_secret(&self) -> SecretKey {
        self.active_key
            .as_ref()
            .map_or_else(|| derive_key(&format!("{}/active", self.name)), |key| key.secret().clone())
    }

    /// A node's private signing key.
    pub fn signing_secret(&self, node: &NodeConfig) -> SecretKey {
        node.signing_key
            .as_ref()
            .map_or_else(|| derive_key(&format!("{}/{}", self.name, node.name)), |key| key.secret().clone())
    }
}
