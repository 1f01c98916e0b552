//! The state that a chain starts from.

use std::collections::BTreeMap;
use std::sync::Arc;

use dogwatch_chain::{AccountName, Asset, BlockId, BlockNum, FutureSchedule, Slot, Symbol, WitnessProps};

use super::chain_state::{ChainState, Rounds, WitnessObject};
use super::rounds::draw_round;
use crate::seed::derive_key;
use crate::setup::Setup;

/// The state before the first block.
pub(crate) fn genesis_state(setup: &Setup) -> ChainState {
    let zero = Asset { millis: 0, symbol: Symbol::Liquid };
    let props = WitnessProps { account_creation_fee: zero, maximum_block_size: 65_536, interest_rate: 0 };
    let watched = setup.watched.iter().filter_map(|(name, nodes)| {
        let active = setup.active_keys.get(name)?.public_key();
        Some((name.clone(), nodes.first()?.public, active, format!("https://{name}.example")))
    });
    let (backups, elected): (Vec<_>, Vec<_>) = watched.partition(|(name, ..)| setup.backups.contains(name));
    let mut fillers = setup.fillers.iter().map(|(name, key)| {
        let active = derive_key(&format!("{name}/active")).public_key();
        (name.clone(), key.public_key(), active, format!("https://{name}.example"))
    });
    // The last place of a round is the backups'.
    let length = setup.profile.round_length;
    let places = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(1).saturating_sub(elected.len());
    let mut ranked = elected;
    ranked.extend(fillers.by_ref().take(places));
    ranked.extend(backups.into_iter().chain(fillers));
    let witnesses: BTreeMap<AccountName, WitnessObject> = (0u32..)
        .zip(ranked)
        .map(|(rank, (name, signing_key, active_key, url))| {
            let witness = WitnessObject {
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
    let rounds = Rounds {
        current: draw_round(&witnesses, length, setup.seed, 0),
        future: match setup.profile.future_schedule {
            FutureSchedule::Published => Some(draw_round(&witnesses, length, setup.seed, 1)),
            FutureSchedule::Unknown => None,
        },
        next_shuffle: BlockNum(length),
    };
    ChainState {
        head: BlockId::default(),
        time: setup.genesis,
        slot: Slot(0),
        producer: None,
        recent_slots: u128::MAX,
        irreversible: BlockNum(0),
        witnesses,
        rounds: Arc::new(rounds),
    }
}
