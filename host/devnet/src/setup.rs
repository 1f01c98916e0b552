//! The configuration, checked and with its keys derived.

use std::collections::BTreeMap;
use std::sync::Arc;

use dogwatch_chain::{
    AccountName, Asset, BlockId, BlockNum, FutureSchedule, Profile, PublicKey, SecretKey, Slot, Symbol, Time,
    WitnessProps,
};

use crate::config::{ConfigError, DevnetConfig, Irreversible};
use crate::error::Lineage;
use crate::schedule::draw_round;
use crate::seed::derive_key;
use crate::state::{Rounds, State, Witness};

/// A block-producing node of a watched witness.
#[derive(Clone, Debug)]
pub(crate) struct Producer {
    pub(crate) name: String,
    pub(crate) key: SecretKey,
    pub(crate) public: PublicKey,
}

/// What stays the same while the chain runs.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) profile: Profile,
    pub(crate) lineage: Lineage,
    pub(crate) irreversible: Irreversible,
    pub(crate) seed: u64,
    pub(crate) gossip_ms: u64,
    pub(crate) genesis: Time,
    pub(crate) watched: BTreeMap<AccountName, Vec<Producer>>,
    pub(crate) actives: BTreeMap<AccountName, SecretKey>,
    pub(crate) fillers: BTreeMap<AccountName, SecretKey>,
}

impl Setup {
    /// Genesis is moved back to a multiple of the interval, as slots are on every chain.
    pub(crate) fn new(config: &DevnetConfig, genesis: Time) -> Result<Self, ConfigError> {
        let profile = config.profile()?;
        config.check()?;
        let interval = i64::from(config.block_interval_ms);
        let offset = genesis.as_millis().checked_rem_euclid(interval).unwrap_or(0);
        let watched_count = u32::try_from(config.witnesses.len()).unwrap_or(u32::MAX);
        let count = config.round_length.saturating_sub(watched_count).saturating_add(config.spare);
        let fillers = (1..=count)
            .filter_map(|n| {
                let name = format!("fill{n:02}");
                AccountName::new(name.clone()).ok().map(|account| (account, derive_key(&name)))
            })
            .collect();
        let producers = |witness: &crate::config::WitnessConfig| {
            let nodes = witness.nodes.iter().map(|node| {
                let key = witness.signing_secret(node);
                Producer { name: node.name.clone(), public: key.public_key(), key }
            });
            (witness.name.clone(), nodes.collect())
        };
        Ok(Self {
            lineage: match profile.future_schedule {
                FutureSchedule::Published => Lineage::Hive,
                FutureSchedule::Unknown => Lineage::Steem,
            },
            irreversible: config.irreversible(&profile),
            seed: config.seed,
            gossip_ms: u64::from(config.gossip_ms.unwrap_or(config.block_interval_ms.saturating_mul(3).div_euclid(10))),
            genesis: Time::from_millis(genesis.as_millis().saturating_sub(offset)),
            watched: config.witnesses.iter().map(producers).collect(),
            actives: config.witnesses.iter().map(|w| (w.name.clone(), w.active_secret())).collect(),
            fillers,
            profile,
        })
    }

    /// When a slot is.
    pub(crate) fn slot_time(&self, slot: Slot) -> Time {
        let interval = u64::try_from(self.profile.block_interval.as_millis()).unwrap_or(u64::MAX);
        self.genesis.plus(std::time::Duration::from_millis(interval.saturating_mul(slot.0)))
    }

    pub(crate) fn genesis_state(&self) -> State {
        let zero = Asset { millis: 0, symbol: Symbol::Liquid };
        let props = WitnessProps { account_creation_fee: zero, maximum_block_size: 65_536, interest_rate: 0 };
        let watched = self.watched.iter().filter_map(|(name, nodes)| {
            let active = self.actives.get(name)?.public_key();
            Some((name.clone(), nodes.first()?.public, active, format!("https://{name}.example")))
        });
        let fillers = self.fillers.iter().map(|(name, key)| {
            let active = derive_key(&format!("{name}/active")).public_key();
            (name.clone(), key.public_key(), active, format!("https://{name}.example"))
        });
        let witnesses: BTreeMap<AccountName, Witness> = (0u32..)
            .zip(watched.chain(fillers))
            .map(|(rank, (name, signing_key, active_key, url))| {
                let witness = Witness {
                    rank,
                    signing_key,
                    active_key,
                    url,
                    props: props.clone(),
                    total_missed: 0,
                    last_slot: Slot(0),
                    last_block: BlockNum(0),
                };
                (name, witness)
            })
            .collect();
        let length = self.profile.round_length;
        let rounds = Rounds {
            current: draw_round(&witnesses, length, self.seed, 0),
            // Round numbers are those of the blocks that draw them: 1 is never one of these.
            future: match self.profile.future_schedule {
                FutureSchedule::Published => Some(draw_round(&witnesses, length, self.seed, 1)),
                FutureSchedule::Unknown => None,
            },
            next_shuffle: BlockNum(length),
        };
        State {
            head: BlockId::default(),
            time: self.genesis,
            slot: Slot(0),
            producer: None,
            recent_slots: u128::MAX,
            irreversible: BlockNum(0),
            witnesses,
            rounds: Arc::new(rounds),
        }
    }
}
