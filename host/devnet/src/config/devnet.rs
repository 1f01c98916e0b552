//! The settings of a devnet, with their defaults and limits.

use std::time::Duration;

use dogwatch_chain::{AccountName, ChainId, FutureSchedule, KeyPrefix, Profile};
use serde::Deserialize;

use super::error::DevnetConfigError;
use super::witness::{DevnetNodeConfig, DevnetWitnessConfig, Elected};

/// A devnet's configuration. Every field has a default; unknown fields are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DevnetConfig {
    /// The built-in profile to follow: field names, assets, future schedule and rules.
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
    /// The number of slots in a round.
    pub round_length: u32,
    /// The seed of every random choice.
    pub seed: u64,
    /// The number of public RPC nodes.
    pub rpc_nodes: usize,
    /// The number of witnesses beyond those that fill a round, which take turns in its last place. With none, a disabled
    /// witness shortens the schedule.
    pub spare: u32,
    /// When blocks become irreversible; by default as on the profile's chain.
    pub irreversible: Option<Irreversible>,
    /// Milliseconds that a transaction takes from one RPC node to the others, on average; by default 0.3 of an interval.
    pub gossip_ms: Option<u32>,
    /// The watched witnesses. All others are fillers called `fill01`, `fill02`, …
    pub witnesses: Vec<DevnetWitnessConfig>,
    /// Ports of the RPC nodes, in order; 0 or missing: any free port.
    pub rpc_ports: Vec<u16>,
    /// Port of the control endpoint; 0: any free port.
    pub control_port: u16,
}

/// When blocks become irreversible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Irreversible {
    /// With the block itself, as on Hive since one-block irreversibility.
    OneBlock,
    /// After two thirds of a round, as on Steem.
    Lag,
}

impl Default for DevnetConfig {
    /// A Hive-like test chain with the witness `alice` and her nodes `primary` and `standby`.
    fn default() -> Self {
        let node = |name: &str| DevnetNodeConfig { name: name.into(), signing_key: None, port: 0 };
        let alice = AccountName::new("alice").into_iter().map(|name| DevnetWitnessConfig {
            name,
            elected: Elected::EveryRound,
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
    ///
    /// # Errors
    ///
    /// The text is not TOML, has an unknown field, or a value of the wrong type.
    pub fn from_toml(text: &str) -> Result<Self, DevnetConfigError> {
        Ok(toml::from_str(text)?)
    }

    /// The chain's profile, as a client needs it.
    ///
    /// # Errors
    ///
    /// The profile is unknown, or a value that overrides it is out of range.
    pub fn profile(&self) -> Result<Profile, DevnetConfigError> {
        if !(50..=3000).contains(&self.block_interval_ms) {
            return Err(DevnetConfigError::Interval(self.block_interval_ms));
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

    /// Checks everything that the profile does not cover.
    pub(crate) fn check(&self) -> Result<(), DevnetConfigError> {
        let watched = self.witnesses.len();
        let least = watched.saturating_add(2);
        let round = usize::try_from(self.round_length).unwrap_or(usize::MAX);
        if !(least..=100).contains(&round) {
            return Err(DevnetConfigError::Round { round: self.round_length, watched, least });
        }
        if !(1..=64).contains(&self.rpc_nodes) {
            return Err(DevnetConfigError::RpcNodes(self.rpc_nodes));
        }
        if self.spare > 100 {
            return Err(DevnetConfigError::Spare(self.spare));
        }
        let mut names: Vec<String> = Vec::new();
        for witness in &self.witnesses {
            if witness.nodes.is_empty() {
                return Err(DevnetConfigError::NoNodes(witness.name.clone()));
            }
            names.push(witness.name.to_string());
            names.extend(witness.nodes.iter().map(|node| format!("{}/{}", witness.name, node.name)));
        }
        names.sort();
        match names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(a.clone()),
            _ => None,
        }) {
            Some(name) => Err(DevnetConfigError::Duplicate(name)),
            None => Ok(()),
        }
    }
}
