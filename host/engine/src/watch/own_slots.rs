//! The witness's own slots: which were produced and which were missed, and by whom.

use dogwatch_alerts::Cause;
use dogwatch_chain::Slot;

use crate::chain::{Majority, SlotClock, SlotFact, Tracker, WitnessReading};
use crate::holder::Holder;
use crate::situation::{OwnSlot, SlotOutcome};
use crate::slots::SlotRecord;
use crate::switch::KeyRecord;
use crate::watch::machine::Watch;

/// Own slots that are kept: enough for any policy's window, few enough to store.
const SLOTS_KEPT: usize = 64;

impl Watch {
    /// Brings the records of own slots up to date with the log.
    pub(super) fn note_slots(&mut self, tracker: &Tracker) {
        let log = tracker.log();
        let (Some(clock), Some(base), Some(tip)) = (tracker.clock(), log.base(), log.tip()) else { return };
        if self.state.key.is_none() || !Self::caught_up(tracker) {
            return;
        }
        self.leave_branch(tracker, &clock);
        let (first, base, tip) = (base.num(), clock.slot(base.time), clock.slot(tip.time));
        // Records that a restart has put out of the log's reach stay as they were. But nothing is "in a row" across a
        // hole in what was seen, unless the endpoints tell that nothing was produced in it.
        let last_confirmed = match tracker.witness(self.config.tracker_index) {
            WitnessReading::Agreed(state) => Some(state.last_confirmed_block),
            WitnessReading::Unread | WitnessReading::NoSuchWitness | WitnessReading::Split(_) => None,
        };
        let hole = self.state.seen.is_some_and(|seen| base > seen.plus(1));
        // They may not agree on that for long: after a round of blocks what was known before the hole is given up.
        if hole && last_confirmed.is_none() && tip.since(base) <= self.round() {
            return;
        }
        let news = last_confirmed != self.state.last_confirmed;
        // A block from before those that are known, and it was not there when its slot was looked at: that was on another branch.
        let other_branch = news && last_confirmed.is_some_and(|last| last < first);
        let produced_unseen = hole && (last_confirmed.is_none() || news) || other_branch;
        let kept = |record: &&SlotRecord| !produced_unseen && record.slot < tip && !log.knows(record.slot, &clock);
        let mut slots: Vec<SlotRecord> = self.state.slots.iter().filter(kept).cloned().collect();
        self.state.seen = Some(tip);
        let facts = log.own_slots(&self.config.witness, &clock);
        self.state.last_confirmed = last_confirmed.or(self.state.last_confirmed);
        for (slot, fact) in facts {
            let known = self.state.slots.iter().find(|record| record.slot == slot);
            let (outcome, holder) = match fact {
                SlotFact::Produced(Some(key)) => (SlotOutcome::Produced, self.holder_of(key)),
                SlotFact::Produced(None) => (SlotOutcome::Produced, self.holder_by_header(tracker, slot, known)),
                SlotFact::Missed => (SlotOutcome::Missed, self.holder_at(slot, known)),
                SlotFact::ChainWide => (SlotOutcome::ChainWide, self.holder_at(slot, known)),
            };
            slots.push(SlotRecord { slot, time: clock.time(slot), outcome, holder });
        }
        slots.sort_by_key(|record| record.slot);
        let surplus = slots.len().saturating_sub(SLOTS_KEPT);
        self.state.slots = slots.split_off(surplus);
        self.state.tally.count(&self.state.slots);
    }

    /// Forgets what was read from a branch that turned out to be the wrong one. What was irreversible there is everywhere.
    fn leave_branch(&mut self, tracker: &Tracker, clock: &SlotClock) {
        let (forks, irreversible) = self.branch;
        if let Some(above) = tracker.log().forked_above(forks) {
            let common = irreversible.unwrap_or_default().max(clock.slot(above));
            self.state.slots.retain(|record| record.slot <= common);
            self.state.seen = self.state.seen.map(|seen| seen.min(common));
            // What the counter tells of the other branch holds at once.
            self.unseen_before = u32::MAX;
            self.state.moves_seen = self.state.moves_seen.map(|seen| seen.min(common));
            self.forget_effect(tracker, clock, common);
        }
        let num = tracker.head().map(|head| head.irreversible);
        let block = num.and_then(|num| tracker.log().block_at(num));
        self.branch = (tracker.log().forks(), block.map(|block| clock.slot(block.time)));
    }

    /// A key that was set on the branch that was left may count from another slot on.
    fn forget_effect(&mut self, tracker: &Tracker, clock: &SlotClock, common: Slot) {
        let Some(tip) = tracker.log().tip().filter(|_| self.state.unproven.is_none()) else { return };
        let surely = clock.slot(tip.time).plus(self.round());
        let undone = |record: &KeyRecord| record.since.is_some_and(|since| since > common);
        if let Some(record) = self.state.key.filter(undone) {
            self.state.key = Some(KeyRecord { since: Some(surely), ..record });
            self.sightings.set_after(common);
        }
    }

    /// Takes in what the endpoints tell of the witness's last block and of its missed ones, whether the blocks are known or not.
    pub(super) fn note_counter(&mut self, tracker: &Tracker) {
        let WitnessReading::Agreed(told) = tracker.witness(self.config.tracker_index) else { return };
        let (Some(head), last) = (tracker.head(), told.last_confirmed_block) else { return };
        let before = match self.state.last_told {
            Some((same, _)) if same == last => return,
            // Of a last block that is long past, what was missed before it was told may have come after it.
            Some((_, before)) if u64::from(head.num().0.saturating_sub(last.0)) > self.round().saturating_mul(2) => {
                before
            }
            _ => told.total_missed,
        };
        // What was missed between the last block and now is in that number already.
        let block =
            tracker.clock().zip(tracker.log().block_at(last)).map(|(clock, block)| (clock.slot(block.time), clock));
        self.told_in_between = block.is_some_and(|(slot, clock)| tracker.log().has_unknown_slots_after(slot, &clock));
        self.state.last_told = Some((last, before));
    }

    /// How many blocks the witness has missed since its last one by the endpoints' counter.
    pub(super) fn missed_by_counter(&self, tracker: &Tracker) -> u32 {
        let WitnessReading::Agreed(told) = tracker.witness(self.config.tracker_index) else { return 0 };
        self.state.last_told.map_or(0, |(_, before)| told.total_missed.saturating_sub(before))
    }

    /// How many of them no record tells of: they were not seen, or nobody knew whose slots they were.
    pub(super) fn note_unseen(&mut self, tracker: &Tracker) {
        if self.state.key.is_none() || !Self::caught_up(tracker) {
            return;
        }
        let counted = self.missed_by_counter(tracker);
        let since = self.state.slots.iter().rev().take_while(|record| record.outcome != SlotOutcome::Produced);
        // Records have an end, and of a disabled witness nobody expects a block.
        let told = since.clone().count() >= SLOTS_KEPT || self.holder() == Some(Holder::Disabled);
        let unseen = match told {
            true => 0,
            false => counted.saturating_sub(u32::try_from(since.count()).unwrap_or(u32::MAX)),
        };
        // An endpoint that is a block ahead has counted a miss that the next block will show.
        self.state.missed_unseen = unseen.min(self.unseen_before);
        self.unseen_before = unseen;
    }

    /// Who should have produced in a missed slot: whoever held the key then.
    fn holder_at(&self, slot: Slot, known: Option<&SlotRecord>) -> Holder {
        if let Some(known) = known.filter(|known| known.outcome != SlotOutcome::Produced) {
            return known.holder.clone();
        }
        match self.state.key {
            None => Holder::Foreign,
            Some(record) if record.since.is_none_or(|since| slot >= since) => self.holder_of(record.key),
            Some(record) => record.before.map_or(Holder::Foreign, |key| self.holder_of(key)),
        }
    }

    /// Who produced a block of which only the header is known: whoever held the key then, which nobody can sign without.
    fn holder_by_header(&self, tracker: &Tracker, slot: Slot, known: Option<&SlotRecord>) -> Holder {
        if let Some(known) = known.filter(|known| known.outcome == SlotOutcome::Produced) {
            return known.holder.clone();
        }
        let shown = match tracker.witness(self.config.tracker_index) {
            WitnessReading::Agreed(state) => Some(state.signing_key),
            WitnessReading::Unread | WitnessReading::NoSuchWitness | WitnessReading::Split(_) => None,
        };
        match &self.state.in_flight {
            // Whether a block holds the switch under way does not show: the key that the endpoints show must do.
            Some(flight) if shown == Some(flight.plan.to_key) => self.holder_of(flight.plan.to_key),
            _ => self.holder_at(slot, None),
        }
    }

    /// Whether anything is known of the own slots: a block, or a miss that was the witness's own; and nothing that came after
    /// it is unknown, or the endpoints' counter tells of that.
    pub(super) fn knows_a_slot(&self, tracker: &Tracker) -> bool {
        let last = self.state.slots.iter().rev().find(|record| record.outcome != SlotOutcome::ChainWide);
        let (Some(last), Some(clock)) = (last, tracker.clock()) else { return false };
        let counted = matches!(tracker.witness(self.config.tracker_index), WitnessReading::Agreed(_));
        counted && !self.told_in_between || !tracker.log().has_unknown_slots_after(last.slot, &clock)
    }

    /// The misses since the last block of the witness, newest last, back to the first of which that does not hold.
    fn misses(&self, holds: impl Fn(&SlotRecord) -> bool) -> Vec<&SlotRecord> {
        let slots = self.state.slots.iter().rev().filter(|record| record.outcome != SlotOutcome::ChainWide);
        let mut misses: Vec<&SlotRecord> =
            slots.take_while(|record| record.outcome == SlotOutcome::Missed && holds(record)).collect();
        misses.reverse();
        misses
    }

    /// Misses since the last block of the present holder, newest last.
    pub(super) fn trailing_misses(&self) -> Vec<&SlotRecord> {
        // With the null key nobody is expected to produce.
        let Some(holder) = self.holder().filter(|holder| *holder != Holder::Disabled) else { return Vec::new() };
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default();
        self.misses(|record| record.holder == holder && record.slot >= since)
    }

    /// The misses since the last block of the witness, newest last, whoever held the key.
    pub(super) fn misses_of_anybody(&self) -> Vec<&SlotRecord> {
        self.misses(|_| true)
    }

    /// How many misses are held against the present holder or against nobody who is known, those that were not seen among
    /// them.
    pub(super) fn blamed_misses(&self) -> usize {
        let holder = self.holder().filter(|holder| *holder != Holder::Disabled);
        let blamed = |record: &SlotRecord| Some(&record.holder) == holder.as_ref() || record.holder == Holder::Foreign;
        let seen = if holder.is_some() { self.misses(blamed).len() } else { 0 };
        seen.saturating_add(self.unseen_misses())
    }

    /// How many blocks the witness has missed in a row, whoever held the key, those that were not seen among them.
    pub(super) fn missed_in_a_row(&self) -> usize {
        self.misses_of_anybody().len().saturating_add(self.unseen_misses())
    }

    fn unseen_misses(&self) -> usize {
        usize::try_from(self.state.missed_unseen).unwrap_or(usize::MAX)
    }

    /// The misses that may be held against the present holder: those on which most witnesses have built. On a minority's
    /// branch everybody else is missing.
    pub(super) fn proven_misses(&self, tracker: &Tracker) -> Vec<&SlotRecord> {
        let mut misses = self.trailing_misses();
        let built = |miss: &&SlotRecord| tracker.majority_after(miss.slot) == Majority::Built;
        // Who has built on one has built on those before it.
        let proven = misses.iter().rposition(built).map_or(0, |place| place.saturating_add(1));
        misses.truncate(proven);
        misses
    }

    /// Whether the present holder has signed a block since its key was first seen. A header is no proof of that.
    pub(super) fn has_produced(&self, tracker: &Tracker) -> bool {
        let header = |slot| tracker.clock().is_some_and(|clock| tracker.log().is_header_at(slot, &clock));
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default().back(self.round());
        // What was produced before a change was told proves nothing of what came of it.
        let told = self.state.alerts.opened_at(&self.alert_key(Cause::KeyChanged));
        let (holder, mut slots) = (self.holder(), self.state.slots.iter());
        slots.any(|record| {
            record.outcome == SlotOutcome::Produced
                && told.is_none_or(|told| record.time > told)
                && record.slot >= since
                && Some(&record.holder) == holder.as_ref()
                && !header(record.slot)
        })
    }

    /// The own slots as a policy gets them: without the newest misses, as long as most witnesses have not built on them, and with
    /// what others missed on the node on duty.
    pub(super) fn own_slots(&self, tracker: &Tracker) -> Vec<OwnSlot> {
        let unproven = self.trailing_misses().get(self.proven_misses(tracker).len()).map(|miss| miss.slot);
        let told = |record: &&SlotRecord| unproven.is_none_or(|unproven| record.slot < unproven);
        let own = |record: &SlotRecord| OwnSlot {
            slot: record.slot,
            time: record.time,
            outcome: record.outcome,
            holder: self.holder_by_index(&record.holder),
        };
        let mut slots: Vec<OwnSlot> =
            self.state.slots.iter().filter(told).chain(self.shared_misses(tracker)).map(own).collect();
        slots.sort_by_key(|own| own.slot);
        slots
    }
}

#[cfg(test)]
mod tests;
