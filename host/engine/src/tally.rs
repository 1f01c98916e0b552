//! What became of the witness's own slots hour by hour, for reports.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::{Slot, Time};
use serde::{Deserialize, Serialize};

use crate::situation::SlotOutcome;
use crate::slots::SlotRecord;

/// Hours that are kept: a day, and some time to ask for it.
const HOURS: usize = 30;

/// How many slots there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Blocks.
    pub produced: u32,
    /// Missed.
    pub missed: u32,
    /// Missed with the slots around them: the chain's fault.
    pub chain_wide: u32,
}

/// Own slots by the hour they were in. Part of the state that survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The newest slot that was counted.
    upto: Option<Slot>,
    /// By hours since 1970.
    hours: BTreeMap<u32, Counts>,
}

impl Tally {
    /// Counts the slots that are newer than the last counted one. A slot whose outcome changes later stays as counted.
    pub(crate) fn count(&mut self, slots: &[SlotRecord]) {
        for record in slots.iter().filter(|record| self.upto.is_none_or(|upto| record.slot > upto)) {
            let counts = self.hours.entry(record.time.as_secs() / 3600).or_default();
            let count = match record.outcome {
                SlotOutcome::Produced => &mut counts.produced,
                SlotOutcome::Missed => &mut counts.missed,
                SlotOutcome::ChainWide => &mut counts.chain_wide,
            };
            *count = count.saturating_add(1);
        }
        self.upto = slots.last().map(|record| record.slot).max(self.upto);
        while self.hours.len() > HOURS {
            self.hours.pop_first();
        }
    }

    /// The counts since then, by whole hours.
    pub fn since(&self, then: Time) -> Counts {
        let hours = self.hours.range(then.as_secs() / 3600..);
        hours.fold(Counts::default(), |sum, (_, counts)| Counts {
            produced: sum.produced.saturating_add(counts.produced),
            missed: sum.missed.saturating_add(counts.missed),
            chain_wide: sum.chain_wide.saturating_add(counts.chain_wide),
        })
    }

    /// The counts within a span before now.
    pub fn within(&self, now: Time, span: Duration) -> Counts {
        self.since(now.minus(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::Holder;

    #[test]
    fn counts_each_slot_once_and_forgets_old_hours() {
        let mut tally = Tally::default();
        let record = |hour: u32, slot: u64, outcome| SlotRecord {
            slot: Slot(slot),
            time: Time::from_secs(hour * 3600),
            outcome,
            holder: Holder::Node("one".into()),
        };
        let first = [record(100, 1, SlotOutcome::Produced), record(100, 2, SlotOutcome::Missed)];
        tally.count(&first);
        tally.count(&first);
        tally.count(&[record(100, 2, SlotOutcome::Missed), record(101, 3, SlotOutcome::ChainWide)]);
        let all = tally.since(Time::from_secs(0));
        assert_eq!((all.produced, all.missed, all.chain_wide), (1, 1, 1));
        let last = tally.within(Time::from_secs(102 * 3600), Duration::from_secs(3600));
        assert_eq!((last.produced, last.chain_wide), (0, 1));
        for hour in 102..140 {
            tally.count(&[record(hour, u64::from(hour), SlotOutcome::Produced)]);
        }
        assert_eq!((tally.hours.len(), tally.since(Time::from_secs(0)).missed), (HOURS, 0));
    }
}
