//! From which slot on a key counts, and who is held to the misses around it.

use dogwatch_chain::{PublicKey, Slot, Time};

use crate::chain::{SlotClock, Tracker};
use crate::holder::Holder;
use crate::switch::KeyRecord;
use crate::watch::machine::Watch;

/// Blocks after which a change of the key that nodes show is in one of them, if it was pending.
const NOT_PENDING: usize = 3;

impl Watch {
    /// The slot from which on the key counts, if a block shows that: it sets the key, or is signed with it.
    pub(super) fn key_counts_since(&self, tracker: &Tracker, key: PublicKey) -> Option<Slot> {
        let (log, witness, clock) = (tracker.log(), &self.config.witness, tracker.clock()?);
        let set = log.key_set_in(witness, key).map(|block| clock.slot(block.time).plus(1));
        set.or_else(|| Some(clock.slot(log.signed_since_change(witness, key)?.time)))
    }

    /// A block that sets the key, or that the key signed since it was first seen, shows from when on it counts, before a
    /// round has passed.
    pub(super) fn note_effect(&mut self, record: KeyRecord, tracker: &Tracker) {
        let (Some(surely), Some(clock), Some(head)) = (record.since, tracker.clock(), tracker.head()) else { return };
        if head.slot >= surely {
            return;
        }
        let seen = clock.time(surely.back(self.round()));
        let signed = || tracker.log().signed_after(&self.config.witness, record.key, seen);
        let since = self
            .key_counts_since(tracker, record.key)
            .or_else(|| Some(clock.slot(signed()?.time)))
            .or_else(|| self.held_since_base(tracker, &clock, seen));
        if since.is_some() {
            self.state.key = Some(KeyRecord { since, ..record });
        }
        self.hold_holder();
    }

    /// Holds the present holder to what was missed since its key counts, if that was not known then.
    pub(super) fn hold_holder(&mut self) {
        let Some(record) = self.state.key else { return };
        let Some(since) = record.since else { return };
        let before = record.before.map_or(Holder::Foreign, |key| self.holder_of(key));
        self.hold_to(&before, &self.holder_of(record.key), since..);
    }

    /// The slot of the oldest known block, if the key moved before it: nobody saw the move, no block since then holds it, and
    /// with so many blocks since it was first seen it is not pending.
    fn held_since_base(&self, tracker: &Tracker, clock: &SlotClock, seen: Time) -> Option<Slot> {
        let log = tracker.log();
        let base = log.base().filter(|base| log.is_whole_from(base.num()) && Self::caught_up(tracker))?;
        let still = log.key_changes_after(&self.config.witness, Time::default()).next().is_none();
        let slot = clock.slot(base.time);
        let unseen = self.sightings.moved_after.is_none_or(|after| after < slot);
        (still && unseen && log.blocks_after(seen) >= NOT_PENDING).then_some(slot)
    }
}
