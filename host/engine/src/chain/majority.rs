//! Whether most witnesses are on the branch that the endpoints show: a minority's branch is missing the blocks of all
//! others, the watched witness's among them, with nothing wrong at all.

use std::collections::BTreeSet;

use dogwatch_chain::{AccountName, Block, Slot};

use crate::chain::log::BlockLog;
use crate::chain::slot_clock::SlotClock;
use crate::chain::tracker::Tracker;

/// Whether most of the scheduled witnesses have built on a part of the branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Majority {
    /// They have: no other branch can win against it.
    Built,
    /// They have not yet, or are on another branch.
    NotSeen,
}

impl BlockLog {
    /// Whether more than half of the scheduled witnesses made blocks later than `slot`. A witness builds on one branch
    /// only, and who was in the round before and is not in this one has no say any more.
    fn built_after(&self, slot: Slot, clock: &SlotClock) -> Majority {
        let Some(scheduled) = self.schedules.values().next_back() else { return Majority::NotSeen };
        let newer = self.blocks.iter().rev().take_while(|block| clock.slot(block.time) > slot);
        let builders: BTreeSet<&AccountName> = newer.map(|block| &block.witness).collect();
        let built = scheduled.iter().filter(|witness| builders.contains(witness)).count();
        match built.saturating_mul(2) > scheduled.len() {
            true => Majority::Built,
            false => Majority::NotSeen,
        }
    }

    /// The first block later than `slot`.
    fn after_slot(&self, slot: Slot, clock: &SlotClock) -> Option<&Block> {
        self.blocks.get(self.blocks.partition_point(|block| clock.slot(block.time) <= slot))
    }
}

impl Tracker {
    /// Whether most witnesses have built on what followed `slot`: the block after it is irreversible, or more than half
    /// of the scheduled witnesses have made blocks since.
    pub fn majority_after(&self, slot: Slot) -> Majority {
        let (Some(head), Some(clock)) = (self.head(), self.clock()) else { return Majority::NotSeen };
        let next = self.log().after_slot(slot, &clock);
        match next.is_some_and(|block| block.num() <= head.irreversible) {
            true => Majority::Built,
            false => self.log().built_after(slot, &clock),
        }
    }

    /// Whether most witnesses have built on this branch within the last round. It takes a round of blocks to tell.
    pub fn recent_majority(&self) -> Majority {
        let (Some(head), Some(base), Some(clock)) = (self.head(), self.log().base(), self.clock()) else {
            return Majority::NotSeen;
        };
        let begin = head.slot.back(u64::from(self.config().round_length));
        match clock.slot(base.time) > begin {
            true => Majority::Built,
            false => self.majority_after(begin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{block, head, schedule, time, tracking};

    #[test]
    fn most_witnesses_have_built_on_it() {
        let clock = SlotClock::new(&head(1, 100), tracking().block_interval);
        let mut log = BlockLog::default();
        log.learn_schedule(&schedule(15, "abcde", None));
        log.extend([block(10, 100, "a"), block(11, 101, "b"), block(12, 103, "b"), block(13, 104, "c")]);
        assert_eq!(log.built_after(Slot(101), &clock), Majority::NotSeen, "two of five");
        assert_eq!(log.built_after(Slot(99), &clock), Majority::Built, "three of five");
        log.extend([block(14, 105, "d")]);
        assert_eq!(log.built_after(Slot(101), &clock), Majority::Built);
        log.learn_schedule(&schedule(20, "axyzd", None));
        assert_eq!(log.built_after(Slot(99), &clock), Majority::NotSeen, "two of the five of the next round");
        assert_eq!(log.after_slot(Slot(101), &clock).map(|block| block.time), Some(time(103)));
        assert_eq!(BlockLog::default().built_after(Slot(1), &clock), Majority::NotSeen, "no schedule, no majority");
    }
}
