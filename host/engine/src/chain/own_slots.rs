//! What the gaps between blocks tell: whose slots were missed.

use dogwatch_chain::{AccountName, BlockNum, Head, PublicKey, Schedule, Slot};

use crate::chain::log::BlockLog;
use crate::chain::slot_clock::SlotClock;

/// This many empty slots in a row are the chain's fault, not the witnesses': with 21 in a round, four dead ones side by
/// side are far less likely than a halt or a split.
const CHAIN_WIDE_GAP: u64 = 4;

/// How many slots a chain's participation counts.
const COUNTED_SLOTS: u64 = 128;
/// Below this many of the last 128 slots filled, a third, `hived` and `steemd` refuse to produce
/// (`required-participation`).
pub(crate) const REQUIRED_PARTICIPATION: u8 = 43;

/// What happened in one slot that belonged to a given witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotFact {
    /// A block, signed with this key; `None` if only its header was read.
    Produced(Option<PublicKey>),
    /// No block, and a block right after.
    Missed,
    /// No block, nor in the slots around it.
    ChainWide,
}

/// The slots between two blocks' slots. A gap of days would be days of slots to walk; none of them is evidence.
fn empty_between(last: Slot, next: Slot) -> impl Iterator<Item = Slot> {
    (1..next.since(last)).take(4096).map(move |n| last.plus(n))
}

impl BlockLog {
    /// Whose slot it was, given the last block before it.
    fn scheduled(&self, after: BlockNum, slot: Slot) -> Option<&AccountName> {
        let (next_shuffle, witnesses) = self.schedules.range(after.next()..).next()?;
        let len = u32::try_from(witnesses.len()).ok()?;
        // A schedule holds for the blocks after the shuffle that made it.
        if next_shuffle.0.checked_sub(len)? > after.0 {
            return None;
        }
        Schedule::seated(witnesses, slot)
    }

    /// Whether the log can say whose slot that was and what became of it.
    pub fn knows(&self, slot: Slot, clock: &SlotClock) -> bool {
        // The last block before the slot, and whether the log goes on to the slot or beyond it.
        let index = self.blocks.partition_point(|block| clock.slot(block.time) < slot);
        let Some(next) = self.blocks.get(index) else { return false };
        if clock.slot(next.time) == slot {
            return true;
        }
        let below = index.checked_sub(1).and_then(|index| self.blocks.get(index));
        below.is_some_and(|below| self.scheduled(below.num(), slot).is_some())
    }

    /// Whether nobody can say whose some empty slot after that one was: the schedule of its round was not agreed on.
    pub fn has_unknown_slots_after(&self, slot: Slot, clock: &SlotClock) -> bool {
        let pairs = self.blocks.iter().zip(self.blocks.iter().skip(1)).rev();
        pairs.take_while(|(_, next)| clock.slot(next.time) > slot).any(|(below, next)| {
            let mut empty = empty_between(clock.slot(below.time), clock.slot(next.time));
            empty.any(|empty| empty > slot && self.scheduled(below.num(), empty).is_none())
        })
    }

    /// Every slot in the log that belonged to `witness`, oldest first.
    pub fn own_slots(&self, witness: &AccountName, clock: &SlotClock) -> Vec<(Slot, SlotFact)> {
        let mut facts = Vec::new();
        let mut below: Option<(BlockNum, Slot)> = None;
        for block in &self.blocks {
            let slot = clock.slot(block.time);
            if let Some((num, last)) = below {
                let gap = slot.since(last).saturating_sub(1);
                for empty in empty_between(last, slot) {
                    if self.scheduled(num, empty) == Some(witness) {
                        let chain_wide = gap >= CHAIN_WIDE_GAP || self.producers_wait(last, clock);
                        facts.push((empty, if chain_wide { SlotFact::ChainWide } else { SlotFact::Missed }));
                    }
                }
            }
            if block.witness == *witness {
                facts.push((slot, SlotFact::Produced(block.signing_key)));
            }
            below = Some((block.num(), slot));
        }
        facts
    }

    /// Whether producers waited for each other after the block in that slot: they stop while too few slots are filled.
    fn producers_wait(&self, slot: Slot, clock: &SlotClock) -> bool {
        self.filled_before(slot, clock) < u64::from(REQUIRED_PARTICIPATION)
    }

    /// How many of the 128 slots up to that one hold a block. Slots from before the log count as full as the last head until
    /// then tells of those before it, or as filled if none does, as nodes have it when a chain begins.
    fn filled_before(&self, slot: Slot, clock: &SlotClock) -> u64 {
        let Some(base) = self.base().map(|base| clock.slot(base.time)) else { return COUNTED_SLOTS };
        let blocks_until = |slot: Slot| self.blocks.partition_point(|block| clock.slot(block.time) <= slot);
        // Nodes count the empty slots after the block that ends them: with it the block leaves the 128 that much earlier.
        let left = |slot: Slot| match blocks_until(slot.back(COUNTED_SLOTS).back(1)) {
            0 => blocks_until(slot.back(COUNTED_SLOTS)),
            before => before.saturating_add(1),
        };
        // Of the 128 slots up to one: how many blocks of the log they hold, and how many of them are older than it.
        let counted = |slot: Slot| {
            let blocks = blocks_until(slot).saturating_sub(left(slot));
            let unknown = COUNTED_SLOTS.saturating_sub(slot.since(base).saturating_add(1));
            (u64::try_from(blocks).unwrap_or(u64::MAX), unknown)
        };
        let (known, unknown) = counted(slot);
        let heads = || self.heads.iter().filter(|(head, _)| *head >= base);
        let told = heads().rev().find(|(head, _)| *head <= slot).or_else(|| heads().next());
        let before = told.map(|(head, filled)| {
            let (known, unknown) = counted(*head);
            (u64::from(*filled).saturating_sub(known).min(unknown), unknown)
        });
        let older = before.and_then(|(filled, of)| unknown.saturating_mul(filled).checked_div(of)).unwrap_or(unknown);
        known.saturating_add(older)
    }

    /// Whether the block in that slot was only read as a header.
    pub fn is_header_at(&self, slot: Slot, clock: &SlotClock) -> bool {
        let index = self.blocks.partition_point(|block| clock.slot(block.time) < slot);
        self.blocks.get(index).is_some_and(|block| block.is_header() && clock.slot(block.time) == slot)
    }

    /// The first slot that the schedules do not cover, assuming that every slot until then is filled.
    pub fn first_unscheduled(&self, head: &Head) -> Option<Slot> {
        let schedule = self.future.as_ref()?;
        let next_round = schedule.future.as_ref().map_or(0, Vec::len);
        let last = u64::from(schedule.next_shuffle.0).saturating_add(u64::try_from(next_round).ok()?);
        let blocks = last.saturating_sub(u64::from(head.num().0));
        Some(head.slot.plus(blocks.saturating_add(1)))
    }

    /// The witness's next slots, as far as the schedules reach, assuming that every slot until then is filled.
    ///
    /// A slot that has begun still counts during its first half, as long as its block is not known: clocks differ a
    /// little, and its block may still come.
    pub fn next_own_slots(&self, witness: &AccountName, head: &Head, now: Slot) -> impl Iterator<Item = Slot> {
        let first = now.since(head.slot).max(1);
        self.future.iter().flat_map(move |schedule| {
            let round = u64::try_from(schedule.current.len()).unwrap_or(0);
            (first..first.saturating_add(round.saturating_mul(2))).filter_map(move |n| {
                let slot = head.slot.plus(n);
                // The slots since the head may hold blocks that are only late, or none: near a shuffle both may be.
                let most = u64::from(head.num().0).saturating_add(n);
                let least = most.saturating_sub(first.saturating_sub(1));
                let shuffle = u64::from(schedule.next_shuffle.0);
                let now = least <= shuffle && schedule.producer(slot) == Some(witness);
                let next = most > shuffle
                    && least <= shuffle.saturating_add(round)
                    && schedule.future_producer(slot) == Some(witness);
                (now || next).then_some(slot)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{block, head, tracking};

    /// A log of one block a slot from `first` to `last`, read up to a head of which so many slots are filled.
    fn log(first: u32, last: u32, filled: u8) -> (BlockLog, SlotClock) {
        let mut log = BlockLog::default();
        let newest = Head { participation: filled, ..head(last, u64::from(last)) };
        log.note_head(&newest);
        log.extend((first..=last).map(|num| block(num, u64::from(num), "a")));
        (log, SlotClock::new(&newest, tracking().block_interval))
    }

    #[test]
    fn how_full_the_slots_before_were() {
        // All blocks are there: they are counted.
        let (whole, clock) = log(1000, 1200, 7);
        assert_eq!((whole.filled_before(Slot(1200), &clock), whole.filled_before(Slot(1150), &clock)), (128, 128));
        // A full chain, and a log that has just begun.
        let (young, clock) = log(1000, 1020, 128);
        assert_eq!((young.filled_before(Slot(1020), &clock), young.filled_before(Slot(1001), &clock)), (128, 128));
        assert!(!young.producers_wait(Slot(1001), &clock));
        // Started after a halt: 50 are filled by now, and 35 were then if it is as before.
        let (recovering, clock) = log(1000, 1020, 50);
        assert_eq!(recovering.filled_before(Slot(1000), &clock), 35);
        assert!(recovering.producers_wait(Slot(1010), &clock) && !recovering.producers_wait(Slot(1020), &clock));
        // A later head tells more: what had been filled before the halt has left.
        let (mut recovering, clock) = log(1000, 1020, 50);
        recovering.note_head(&Head { participation: 44, ..head(1021, 1021) });
        recovering.extend([block(1021, 1021, "a")]);
        let filled = |slot| recovering.filled_before(Slot(slot), &clock);
        assert_eq!([1000, 1020, 1021].map(filled), [35, 50, 44]);
        assert_eq!(BlockLog::default().filled_before(Slot(5), &clock), 128, "nothing is known");
    }

    #[test]
    fn an_empty_slot_without_a_schedule_is_unknown() {
        let mut log = BlockLog::default();
        let clock = SlotClock::new(&head(1000, 1000), tracking().block_interval);
        log.extend([block(1000, 1000, "a"), block(1001, 1001, "b"), block(1002, 1003, "c"), block(1003, 1004, "d")]);
        assert!(log.has_unknown_slots_after(Slot(1001), &clock));
        assert!(!log.has_unknown_slots_after(Slot(1002), &clock), "every slot from there on holds a block");
        log.schedules.insert(BlockNum(1005), vec![AccountName::new("alice").unwrap(); 5]);
        assert!(!log.has_unknown_slots_after(Slot(1001), &clock));
    }

    /// Nodes shift in a one for a block, and then a zero for each empty slot that it found before it.
    #[test]
    fn filled_slots_count_as_nodes_count_them() {
        let (mut log, mut recent, mut slot) = (BlockLog::default(), u128::MAX, 1000);
        let clock = SlotClock::new(&head(1000, 1000), tracking().block_interval);
        let gaps = [0, 0, 3, 0, 1, 0, 0, 60, 0, 0, 0, 2, 0, 110, 0, 1, 0, 30].iter().cycle();
        for (num, gap) in (1000..1400).zip(gaps) {
            slot += gap + 1;
            recent = (recent << 1 | 1) << gap;
            log.extend([block(num, slot, "a")]);
            if slot > 1400 {
                assert_eq!(log.filled_before(Slot(slot), &clock), u64::from(recent.count_ones()), "block {num}");
            }
        }
    }

    #[test]
    fn a_log_that_begins_anew_goes_by_the_head_of_then() {
        let (mut log, clock) = log(1000, 1020, 20);
        assert!(log.producers_wait(Slot(1015), &clock));
        // Hours later, with blocks missing in between, the chain is full: its misses are the witnesses'.
        log.note_head(&head(9000, 9000));
        log.extend((8980..=9000).map(|num| block(num, u64::from(num), "a")));
        assert!(!log.producers_wait(Slot(8985), &clock));
        // And on from there: as full as it was, less what is missing now.
        log.extend([block(9001, 9031, "a")]);
        assert_eq!(log.filled_before(Slot(9031), &clock), 128 + 1 - 31);
    }
}
