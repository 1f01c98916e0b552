//! The signing key: which one the witness has, and how the endpoints and the blocks show that it has moved.

mod effect;
mod moves;
mod undone;

use dogwatch_alerts::Cause;
use dogwatch_chain::{BlockId, BlockNum, PublicKey, Slot, Time};

use crate::chain::WitnessReading;
use crate::holder::Holder;
use crate::switch::{KeyRecord, Unproven};
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

/// Slots in which the blocks up to a head are read, as a rule.
const PATIENCE: u32 = 2;

/// When the endpoints showed which key, in this run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeySightings {
    /// The slot of the head with which they last showed the key on record.
    shown: Option<Slot>,
    /// The same of the key before it: the last move was made after that.
    moved_after: Option<Slot>,
    /// Since when they show another key than the one on record.
    changed_since: Option<Time>,
}

impl KeySightings {
    /// Takes in that the last move was made after that slot, if that is not known already.
    pub(super) fn set_after(&mut self, slot: Slot) {
        self.moved_after.get_or_insert(slot);
    }
}

impl Watch {
    /// Notices a change of the key on chain that is not the switch under way.
    pub(super) fn note_key(&mut self, turn: &mut Turn<'_>) {
        let state = match turn.chain.witness(self.config.tracker_index) {
            WitnessReading::Agreed(state) => state,
            WitnessReading::NoSuchWitness => {
                let notice = self.no_such_witness();
                return self.raise(turn, notice);
            }
            WitnessReading::Unread | WitnessReading::Split(_) => return,
        };
        self.resolve(turn, Cause::NoSuchWitness, "The endpoints now know the witness.");
        let key = state.signing_key;
        let Some(head) = turn.chain.head() else { return };
        // While a switch is under way nodes may show its key before any block holds it; and while its block can still
        // be forked away, or was read a moment after the key, they may show the key from before it. A block that sets that key
        // again proves that somebody has.
        let set_in = turn.chain.log().key_set_in(&self.config.witness, key).map(|block| block.num());
        let returned = |unproven: &Unproven| {
            let young = |block: BlockId| {
                (head.irreversible < block.num() || head.num() <= block.num()) && set_in <= Some(block.num())
            };
            key == unproven.plan.from_key && unproven.block.is_some_and(young)
        };
        if self.state.in_flight.is_some() || self.state.unproven.as_ref().is_some_and(returned) {
            return;
        }
        if self.blocks_may_tell(turn, key) {
            return;
        }
        self.forget_undone_move(turn, key);
        if self.state.in_flight.is_some() {
            return;
        }
        self.note_moves(turn, key);
        if let Some(record) = self.state.key {
            self.note_effect(record, turn.chain);
        }
        // Nodes show a key as soon as it is pending. Unless a block shows the change, it surely counts a round later, and until
        // then no miss is held against it.
        let shown = self.key_counts_since(turn.chain, key);
        let since = Some(shown.unwrap_or(head.slot.plus(self.round())));
        match self.state.key {
            None => {
                // Misses from before the first look are this key's only if it signed a block before them.
                let proven = turn.chain.log().produced_since(&self.config.witness, key, BlockNum(0)).is_some();
                self.state.key =
                    Some(KeyRecord { key, since: since.filter(|_| shown.is_some() || !proven), before: None });
                self.sightings.shown = Some(head.slot);
            }
            Some(record) if record.key == key => self.sightings.shown = Some(head.slot),
            Some(record) => {
                let (from, to) = (self.holder_of(record.key), self.holder_of(key));
                let counts_later = |since: &Slot| head.slot < *since;
                let seen = record.since.filter(counts_later).map(|since| since.back(self.round()));
                let never_counted =
                    record.before == Some(key) && seen.is_some() && !self.is_set_after(turn.chain, key, seen);
                if never_counted {
                    // It was pending, and never got into a block.
                    self.forget_last_move(&to, &from);
                } else {
                    self.remember_elsewhere(turn, from.clone(), to.clone());
                }
                self.state.key = Some(KeyRecord { key, since, before: Some(record.key) });
                self.hold_holder();
                self.sightings.moved_after = self.sightings.shown.replace(head.slot);
                self.state.missed_unseen = 0;
                // A foreign key and the null key have alerts of their own.
                if matches!(to, Holder::Node(_)) {
                    let notice = self.key_changed(&from, &to);
                    self.update(turn, notice);
                } else {
                    self.resolve(turn, Cause::KeyChanged, "The signing key has changed again.");
                }
            }
        }
    }

    /// Whether the endpoints show another key than the one on record, and blocks say more of that. Those that set a key are
    /// believed before what endpoints show: that may be pending, undone in a moment by a fork, or old and from a cache.
    fn blocks_may_tell(&mut self, turn: &Turn<'_>, shown: PublicKey) -> bool {
        let Some(record) = self.state.key.filter(|record| record.key != shown) else {
            self.sightings.changed_since = None;
            return false;
        };
        let since = *self.sightings.changed_since.get_or_insert(turn.now);
        if !Self::caught_up(turn.chain) {
            return turn.now.since(since) < self.config.profile.slots(PATIENCE);
        }
        let (log, witness) = (turn.chain.log(), &self.config.witness);
        let set = log.key_set_in(witness, record.key);
        set.is_some_and(|set| log.signed_after(witness, shown, set.time).is_none())
    }
}

#[cfg(test)]
mod tests;
