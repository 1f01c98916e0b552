//! The witness's own slots: which were produced and which were missed, and by whom.

use dogwatch_chain::Slot;

use crate::chain::{SlotFact, Tracker, WitnessReading};
use crate::holder::Holder;
use crate::situation::{OwnSlot, SlotOutcome};
use crate::slots::SlotRecord;
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
        let (base, tip) = (clock.slot(base.time), clock.slot(tip.time));
        // Records that a restart has put out of the log's reach stay as they were. But nothing is "in a row" across a
        // hole in what was seen, unless the endpoints tell that nothing was produced in it.
        let last_confirmed = match tracker.witness(self.config.tracker_index) {
            WitnessReading::Agreed(state) => Some(state.last_confirmed_block),
            WitnessReading::Unread | WitnessReading::NoSuchWitness | WitnessReading::Split(_) => None,
        };
        let hole = self.state.seen.is_some_and(|seen| base > seen.plus(1));
        if hole && last_confirmed.is_none() {
            return;
        }
        let produced_unseen = hole && last_confirmed != self.state.last_confirmed;
        let kept = |record: &&SlotRecord| !produced_unseen && record.slot < tip && !log.knows(record.slot, &clock);
        let mut slots: Vec<SlotRecord> = self.state.slots.iter().filter(kept).cloned().collect();
        self.state.seen = Some(tip);
        self.state.last_confirmed = last_confirmed.or(self.state.last_confirmed);
        for (slot, fact) in log.own_slots(&self.config.witness, &clock) {
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

    /// Whether anything is known of the own slots: a block, or a miss that was the witness's own.
    pub(super) fn knows_a_slot(&self) -> bool {
        self.state.slots.iter().any(|record| record.outcome != SlotOutcome::ChainWide)
    }

    /// Misses since the last block of the present holder, newest last.
    pub(super) fn trailing_misses(&self) -> Vec<&SlotRecord> {
        // With the null key nobody is expected to produce.
        let Some(holder) = self.holder().filter(|holder| *holder != Holder::Disabled) else { return Vec::new() };
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default();
        let mut misses: Vec<&SlotRecord> = self
            .state
            .slots
            .iter()
            .rev()
            .filter(|record| record.outcome != SlotOutcome::ChainWide)
            .take_while(|record| {
                record.outcome == SlotOutcome::Missed && record.holder == holder && record.slot >= since
            })
            .collect();
        misses.reverse();
        misses
    }

    /// Whether the present holder has signed a block since its key was first seen. A header is no proof of that.
    pub(super) fn has_produced(&self, tracker: &Tracker) -> bool {
        let header = |slot| tracker.clock().is_some_and(|clock| tracker.log().is_header_at(slot, &clock));
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default().back(self.round());
        let (holder, mut slots) = (self.holder(), self.state.slots.iter());
        slots.any(|record| {
            record.outcome == SlotOutcome::Produced
                && record.slot >= since
                && Some(&record.holder) == holder.as_ref()
                && !header(record.slot)
        })
    }

    pub(super) fn own_slots(&self) -> Vec<OwnSlot> {
        let own = |record: &SlotRecord| OwnSlot {
            slot: record.slot,
            time: record.time,
            outcome: record.outcome,
            holder: self.holder_by_index(&record.holder),
        };
        self.state.slots.iter().map(own).collect()
    }
}
