//! The chain's state after one block, with or without pending transactions on top.

use std::collections::BTreeMap;
use std::sync::Arc;

use dogwatch_chain::{AccountName, BlockId, BlockNum, PublicKey, Slot, Time, WitnessProps};

/// A witness and the account behind it.
#[derive(Clone, Debug)]
pub(crate) struct WitnessObject {
    /// The rank by votes, from 0, which is also the object id.
    pub(crate) rank: u32,
    pub(crate) signing_key: PublicKey,
    pub(crate) active_key: PublicKey,
    pub(crate) url: String,
    pub(crate) props: WitnessProps,
    pub(crate) total_missed: u32,
    pub(crate) last_slot: Slot,
    pub(crate) last_block: BlockNum,
}

/// The witnesses of this round, and of the next one where the chain publishes it.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    pub(crate) current: Vec<AccountName>,
    pub(crate) future: Option<Vec<AccountName>>,
    pub(crate) next_shuffle: BlockNum,
}

impl Rounds {
    pub(crate) fn producer(&self, slot: Slot) -> Option<&AccountName> {
        let len = u64::try_from(self.current.len()).ok()?;
        self.current.get(usize::try_from(slot.0.checked_rem(len)?).ok()?)
    }
}

/// Everything a node knows besides its blocks, with the names that nodes use.
#[derive(Clone, Debug)]
pub(crate) struct ChainState {
    pub(crate) head: BlockId,
    pub(crate) time: Time,
    pub(crate) slot: Slot,
    pub(crate) producer: Option<AccountName>,
    /// One bit for each of the last 128 slots: whether it has a block.
    pub(crate) recent_slots: u128,
    pub(crate) irreversible: BlockNum,
    pub(crate) witnesses: BTreeMap<AccountName, WitnessObject>,
    pub(crate) rounds: Arc<Rounds>,
}

impl ChainState {
    /// Counts the slots missed since the last block, as a chain does when the next block arrives.
    pub(crate) fn count_missed(&mut self, slot: Slot, producer: &AccountName) {
        let missed = slot.since(self.slot).saturating_sub(1);
        for n in 1..=missed {
            let owner = self.rounds.producer(self.slot.plus(n)).filter(|owner| *owner != producer).cloned();
            if let Some(witness) = owner.and_then(|owner| self.witnesses.get_mut(&owner)) {
                witness.total_missed = witness.total_missed.saturating_add(1);
            }
        }
        // A chain shifts in the bit of the new block first, and then the zeros of the gap before it.
        let shift = u32::try_from(missed).unwrap_or(u32::MAX);
        self.recent_slots = (self.recent_slots.wrapping_mul(2) | 1).checked_shl(shift).unwrap_or(0);
    }

    pub(crate) fn signing_key(&self, witness: &AccountName) -> Option<PublicKey> {
        self.witnesses.get(witness).map(|witness| witness.signing_key)
    }
}
