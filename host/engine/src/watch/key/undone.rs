//! Moves of the key that came to nothing: they never got into a block, or a fork undid them.

use dogwatch_chain::{PublicKey, Slot};

use crate::chain::Tracker;
use crate::switch::KeyRecord;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    /// The endpoints show another key, and this branch does not hold the last move: it never got into a block, or a fork undid
    /// it. What was missed before it counts on.
    pub(super) fn forget_undone_move(&mut self, turn: &mut Turn<'_>, shown: PublicKey) {
        let Some(record) = self.state.key.filter(|record| record.key != shown) else { return };
        let Some(before) = record.before else { return };
        let (from, to) = (self.holder_of(before), self.holder_of(record.key));
        let never_held = || {
            (self.never_held(turn.chain, record) || self.has_held_on(turn.chain, record, shown))
                && !self.is_set_after(turn.chain, shown, self.sightings.moved_after)
        };
        if !self.lost_its_block(turn.chain, &from, &to) && !never_held() {
            return;
        }
        self.give_back(&to, &from);
        self.state.key = Some(KeyRecord { key: before, since: None, before: None });
        self.sightings.shown = self.sightings.moved_after.take();
        let notice = match self.forget_last_move(&from, &to).and_then(|record| record.block) {
            Some(_) => self.undone_by_fork(&to, &from),
            None => self.move_came_to_nothing(&to, &from),
        };
        self.update(turn, notice);
        self.revive_overtaken(turn);
        // The fork may have undone the switch before it, too.
        if let Some(switch) = self.state.reversible.clone() {
            self.settle_reversible(turn, switch);
        }
    }

    /// Whether the last holder never had the key on this branch: the blocks from a round before the move until now are all there,
    /// and none gives it the key or is signed with it.
    fn never_held(&self, tracker: &Tracker, last: KeyRecord) -> bool {
        let (Some(after), Some(clock)) = (self.sightings.moved_after, tracker.clock()) else { return false };
        let (log, witness) = (tracker.log(), &self.config.witness);
        let begin = clock.time(after.back(self.round()));
        Self::caught_up(tracker)
            && log.base().is_some_and(|base| base.time <= begin)
            && log.first_after(begin).is_some_and(|first| log.is_whole_from(first.num()))
            && log.key_changes_after(witness, begin).all(|(_, key)| key != last.key)
            && log.signed_after(witness, last.key, begin).is_none()
    }

    /// Whether the key that they show has counted all the while since before the last move was seen: the blocks since one that is
    /// signed with it are all there, and none sets a key. No block may have shown yet that the move counts.
    fn has_held_on(&self, tracker: &Tracker, last: KeyRecord, shown: PublicKey) -> bool {
        let (Some(clock), Some(head), log) = (tracker.clock(), tracker.head(), tracker.log()) else { return false };
        let Some(surely) = last.since.filter(|since| head.slot < *since) else { return false };
        let seen = clock.time(surely.back(self.round()));
        let signed = log.signed_since_change(&self.config.witness, shown);
        Self::caught_up(tracker) && signed.is_some_and(|block| block.time < seen && log.is_whole_from(block.num()))
    }

    /// Whether a block after that slot sets that key: somebody has moved it there anew.
    pub(super) fn is_set_after(&self, tracker: &Tracker, key: PublicKey, slot: Option<Slot>) -> bool {
        let Some((clock, slot)) = tracker.clock().zip(slot) else { return false };
        tracker.log().key_changes_after(&self.config.witness, clock.time(slot)).any(|(_, set)| set == key)
    }
}
