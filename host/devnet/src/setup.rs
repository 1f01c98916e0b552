//! The configuration, checked and with its keys derived.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dogwatch_chain::{AccountName, Profile, PublicKey, SecretKey, Slot, Time};

use crate::config::{DevnetConfig, DevnetConfigError, DevnetWitnessConfig, Elected, Irreversible};
use crate::lineage::Lineage;
use crate::seed::derive_key;

/// A block-producing node of a watched witness.
#[derive(Clone, Debug)]
pub(crate) struct ProducingNode {
    pub(crate) name: String,
    pub(crate) key: SecretKey,
    pub(crate) public: PublicKey,
}

/// Everything that stays the same while the chain runs.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) profile: Profile,
    pub(crate) lineage: Lineage,
    pub(crate) irreversible: Irreversible,
    pub(crate) seed: u64,
    pub(crate) gossip_ms: u64,
    pub(crate) genesis: Time,
    /// The watched witnesses and their nodes.
    pub(crate) watched: BTreeMap<AccountName, Vec<ProducingNode>>,
    /// The watched witnesses that are backups.
    pub(crate) backups: BTreeSet<AccountName>,
    /// Active keys of the watched witnesses.
    pub(crate) active_keys: BTreeMap<AccountName, SecretKey>,
    /// Signing keys of the filler witnesses.
    pub(crate) fillers: BTreeMap<AccountName, SecretKey>,
    /// Those of them that go on alone when the network splits: every third.
    pub(crate) minority: BTreeSet<AccountName>,
}

impl Setup {
    /// Checks the configuration. Genesis is moved back to a multiple of the interval, since slots are multiples on every
    /// chain.
    pub(crate) fn new(config: &DevnetConfig, genesis: Time) -> Result<Self, DevnetConfigError> {
        let profile = config.profile()?;
        config.check()?;
        let interval = i64::from(config.block_interval_ms);
        let offset = genesis.as_millis().checked_rem_euclid(interval).unwrap_or(0);
        let watched_count = u32::try_from(config.witnesses.len()).unwrap_or(u32::MAX);
        let count = config.round_length.saturating_sub(watched_count).saturating_add(config.spare);
        let fillers: BTreeMap<AccountName, SecretKey> = (1..=count)
            .filter_map(|n| {
                let name = format!("fill{n:02}");
                AccountName::new(name.clone()).ok().map(|account| (account, derive_key(&name)))
            })
            .collect();
        let backups = config.witnesses.iter().filter(|witness| witness.elected == Elected::InTurn);
        let producers = |witness: &DevnetWitnessConfig| {
            let nodes = witness.nodes.iter().map(|node| {
                let key = witness.signing_secret(node);
                ProducingNode { name: node.name.clone(), public: key.public_key(), key }
            });
            (witness.name.clone(), nodes.collect())
        };
        Ok(Self {
            lineage: Lineage::of(profile.future_schedule),
            irreversible: config.irreversible(&profile),
            seed: config.seed,
            gossip_ms: u64::from(config.gossip_ms.unwrap_or(config.block_interval_ms.saturating_mul(3).div_euclid(10))),
            genesis: Time::from_millis(genesis.as_millis().saturating_sub(offset)),
            watched: config.witnesses.iter().map(producers).collect(),
            backups: backups.map(|witness| witness.name.clone()).collect(),
            active_keys: config.witnesses.iter().map(|w| (w.name.clone(), w.active_secret())).collect(),
            minority: fillers.keys().skip(2).step_by(3).cloned().collect(),
            fillers,
            profile,
        })
    }

    /// The time of a slot.
    pub(crate) fn slot_time(&self, slot: Slot) -> Time {
        let interval = u64::try_from(self.profile.block_interval.as_millis()).unwrap_or(u64::MAX);
        self.genesis.plus(Duration::from_millis(interval.saturating_mul(slot.0)))
    }
}
