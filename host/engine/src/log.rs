//! The last blocks of a chain, linked, and what their gaps say about missed slots.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use dogwatch_chain::{AccountName, Block, BlockId, BlockNum, Head, PublicKey, Schedule, Slot, Time, TransactionId};

/// So many empty slots in a row are the chain's doing, not their witnesses': with 21 in a round, four dead ones
/// side by side are far less likely than a halt or a split.
const CHAIN_WIDE_GAP: u64 = 4;

/// How many rounds of blocks and schedules are kept.
const ROUNDS_KEPT: u32 = 16;

/// What happened in one slot that belonged to a given witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotFact {
    /// A block, signed with this key.
    Produced(PublicKey),
    /// No block, and a block right after.
    Missed,
    /// No block, nor in the slots around it.
    ChainWide,
}

/// How blocks fitted onto the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// They follow what was known.
    Linked,
    /// They belong to another branch: some known blocks were dropped, and the blocks from there on must be read again.
    Forked,
}

/// Which slot a time belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotClock {
    anchor_slot: Slot,
    anchor_time: Time,
    interval: Duration,
}

impl SlotClock {
    /// Slots as a head block shows them.
    pub fn new(head: &Head, interval: Duration) -> Self {
        Self { anchor_slot: head.slot, anchor_time: head.time, interval }
    }

    /// The slot whose beginning is nearest to `time`; a block's timestamp is its slot's beginning.
    pub fn slot(&self, time: Time) -> Slot {
        let interval = self.interval.as_millis().max(1);
        // Half a slot more, so that a timestamp rounded to seconds falls into its own slot.
        let steps = |span: Duration| {
            let steps = span.as_millis().saturating_add(interval / 2).checked_div(interval);
            steps.and_then(|steps| u64::try_from(steps).ok()).unwrap_or(u64::MAX)
        };
        if time >= self.anchor_time {
            self.anchor_slot.plus(steps(time.since(self.anchor_time)))
        } else {
            self.anchor_slot.back(steps(self.anchor_time.since(time)))
        }
    }

    /// When a slot begins.
    pub fn time(&self, slot: Slot) -> Time {
        let span = |n: u64| self.interval.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
        if slot >= self.anchor_slot {
            self.anchor_time.plus(span(slot.since(self.anchor_slot)))
        } else {
            self.anchor_time.minus(span(self.anchor_slot.since(slot)))
        }
    }
}

/// The last rounds of blocks, without gaps in their numbers, and the schedules that were in force.
#[derive(Clone, Debug, Default)]
pub struct BlockLog {
    blocks: VecDeque<Block>,
    /// By the number of the block that ended (or will end) the schedule.
    schedules: BTreeMap<BlockNum, Vec<AccountName>>,
    future: Option<Schedule>,
}

impl BlockLog {
    /// The newest block.
    pub fn tip(&self) -> Option<&Block> {
        self.blocks.back()
    }

    /// The oldest block.
    pub fn base(&self) -> Option<&Block> {
        self.blocks.front()
    }

    /// Slots in a round, as the newest schedule has them.
    pub fn round_length(&self) -> Option<u32> {
        self.schedules.values().next_back().and_then(|witnesses| u32::try_from(witnesses.len()).ok())
    }

    /// The id at a height, if the log reaches there.
    pub fn id_at(&self, num: BlockNum) -> Option<BlockId> {
        let base = self.base()?.num();
        let index = usize::try_from(num.0.checked_sub(base.0)?).ok()?;
        self.blocks.get(index).map(|block| block.id)
    }

    /// The block that holds a transaction.
    pub fn find(&self, id: TransactionId) -> Option<&Block> {
        self.blocks.iter().rev().find(|block| block.transactions.contains(&id))
    }

    /// The first block later than `time`.
    pub fn first_after(&self, time: Time) -> Option<&Block> {
        self.blocks.iter().find(|block| block.time > time)
    }

    /// The newest block of a witness that is signed with `key`, at or after `from`.
    pub fn produced_since(&self, witness: &AccountName, key: PublicKey, from: BlockNum) -> Option<&Block> {
        self.blocks
            .iter()
            .rev()
            .take_while(|block| block.num() >= from)
            .find(|block| block.witness == *witness && block.signing_key == key)
    }

    /// Appends blocks in ascending order.
    pub fn extend(&mut self, blocks: impl IntoIterator<Item = Block>) -> Fit {
        for block in blocks {
            match self.tip().map(|tip| (tip.num(), tip.id)) {
                None => self.blocks.push_back(block),
                Some((num, _)) if block.num() <= num => {
                    if self.id_at(block.num()) == Some(block.id) {
                        continue;
                    }
                    self.drop_from(block.num());
                    match self.tip() {
                        Some(below) if below.id != block.previous => return self.step_back(),
                        _ => self.blocks.push_back(block),
                    }
                }
                Some((num, id)) if block.num() == num.next() => {
                    if block.previous != id {
                        return self.step_back();
                    }
                    self.blocks.push_back(block);
                }
                Some(_) => {
                    // Blocks in between were never seen: nothing can be said of their slots.
                    self.blocks.clear();
                    self.blocks.push_back(block);
                }
            }
        }
        self.prune();
        Fit::Linked
    }

    /// Forgets all blocks; the schedules stay.
    pub fn forget_blocks(&mut self) {
        self.blocks.clear();
    }

    /// Forgets the newest block, which turned out to lie on another branch.
    fn step_back(&mut self) -> Fit {
        self.blocks.pop_back();
        Fit::Forked
    }

    /// Forgets the newest block, which is not on the head's branch.
    pub(crate) fn drop_tip(&mut self) {
        self.blocks.pop_back();
    }

    fn drop_from(&mut self, num: BlockNum) {
        while self.tip().is_some_and(|tip| tip.num() >= num) {
            self.blocks.pop_back();
        }
    }

    /// Notes the schedule that is in force.
    pub fn learn_schedule(&mut self, schedule: &Schedule) {
        self.schedules.insert(schedule.next_shuffle, schedule.current.clone());
        self.future = Some(schedule.clone());
        self.prune();
    }

    fn prune(&mut self) {
        let round = self.schedules.values().next_back().map_or(21, Vec::len).max(1);
        let keep = round.saturating_mul(usize::try_from(ROUNDS_KEPT).unwrap_or(usize::MAX));
        while self.blocks.len() > keep {
            self.blocks.pop_front();
        }
        while self.schedules.len() > usize::try_from(ROUNDS_KEPT).unwrap_or(usize::MAX) {
            self.schedules.pop_first();
        }
    }

    /// Whose slot it was, given the last block before it.
    fn scheduled(&self, after: BlockNum, slot: Slot) -> Option<&AccountName> {
        let (next_shuffle, witnesses) = self.schedules.range(after.next()..).next()?;
        let len = u32::try_from(witnesses.len()).ok()?;
        // A schedule holds for the blocks after the shuffle that made it.
        if next_shuffle.0.checked_sub(len)? > after.0 {
            return None;
        }
        let index = slot.0.checked_rem(u64::from(len))?;
        witnesses.get(usize::try_from(index).ok()?)
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

    /// Every slot in the log that belonged to `witness`, oldest first.
    pub fn own_slots(&self, witness: &AccountName, clock: &SlotClock) -> Vec<(Slot, SlotFact)> {
        let mut facts = Vec::new();
        let mut below: Option<(BlockNum, Slot)> = None;
        for block in &self.blocks {
            let slot = clock.slot(block.time);
            if let Some((num, last)) = below {
                let gap = slot.since(last).saturating_sub(1);
                // A gap of days would be days of slots to walk; none of them is evidence.
                for empty in (1..=gap).take(4096).map(|n| last.plus(n)) {
                    if self.scheduled(num, empty) == Some(witness) {
                        let fact = if gap >= CHAIN_WIDE_GAP { SlotFact::ChainWide } else { SlotFact::Missed };
                        facts.push((empty, fact));
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

    /// The witness's next slot, as far as the schedules reach, taking it that every slot to come is filled.
    ///
    /// A slot that has begun still counts during its first half, as long as its block is not known: clocks differ a
    /// little, and its block may be in the making.
    pub fn next_own_slot(&self, witness: &AccountName, head: &Head, clock: &SlotClock, now: Time) -> Option<Slot> {
        let schedule = self.future.as_ref()?;
        let round = u64::try_from(schedule.current.len()).ok()?;
        let first = clock.slot(now).since(head.slot).max(1);
        (first..first.saturating_add(round.saturating_mul(2))).find_map(|n| {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{INTERVAL, block, head, id, key, name, schedule, time};

    fn log(blocks: &[(u32, u64, &str)], schedules: &[Schedule]) -> BlockLog {
        let mut log = BlockLog::default();
        for schedule in schedules {
            log.learn_schedule(schedule);
        }
        assert_eq!(log.extend(blocks.iter().map(|(num, slot, witness)| block(*num, *slot, witness))), Fit::Linked);
        log
    }

    fn facts(log: &BlockLog, witness: &str) -> Vec<(u64, SlotFact)> {
        let clock = SlotClock::new(&head(1, 0), INTERVAL);
        log.own_slots(&name(witness), &clock).into_iter().map(|(slot, fact)| (slot.0, fact)).collect()
    }

    #[test]
    fn a_gap_is_its_witness_s_up_to_a_length() {
        // Slot s belongs to "abcde"[s % 5].
        let round = schedule(105, "abcde", None);
        let short = log(&[(101, 1, "b"), (102, 5, "a"), (103, 6, "b")], std::slice::from_ref(&round));
        assert_eq!(facts(&short, "c"), [(2, SlotFact::Missed)]);
        assert_eq!(facts(&short, "b"), [(1, SlotFact::Produced(key(1))), (6, SlotFact::Produced(key(1)))]);
        let long = log(&[(101, 1, "b"), (102, 6, "b")], &[round]);
        assert_eq!(facts(&long, "c"), [(2, SlotFact::ChainWide)]);
        assert_eq!(facts(&long, "a"), [(5, SlotFact::ChainWide)]);
    }

    #[test]
    fn the_shuffle_block_parts_the_schedules() {
        let (old, new) = (schedule(105, "abcde", None), schedule(110, "edcba", None));
        // Block 105 makes the new schedule: the slot after it is the new one's, the slot before it the old one's.
        let log = log(&[(104, 4, "e"), (105, 6, "b"), (106, 8, "b")], &[old, new]);
        assert_eq!(facts(&log, "a"), [(5, SlotFact::Missed)]);
        assert_eq!(facts(&log, "c"), [(7, SlotFact::Missed)]);
        assert_eq!(facts(&log, "e"), [(4, SlotFact::Produced(key(1)))]);
    }

    #[test]
    fn an_era_without_a_schedule_accuses_nobody() {
        let log = log(&[(101, 1, "b"), (102, 3, "d"), (106, 8, "d")], &[schedule(110, "abcde", None)]);
        // Block 106 does not follow: the log begins with it.
        assert_eq!(log.base().map(Block::num), Some(BlockNum(106)));
        let log = self::log(&[(101, 1, "b"), (102, 3, "d"), (103, 4, "e")], &[schedule(110, "abcde", None)]);
        assert_eq!(facts(&log, "c"), []);
        let clock = SlotClock::new(&head(1, 0), INTERVAL);
        let known: Vec<u64> = (0..7).filter(|slot| log.knows(Slot(*slot), &clock)).collect();
        assert_eq!(known, [1, 3, 4], "where there is a block, but not the empty slot, nor before and after the log");
    }

    #[test]
    fn another_branch_takes_over() {
        let mut log = log(&[(101, 1, "b"), (102, 2, "c"), (103, 3, "d")], &[]);
        assert_eq!(log.extend([block(102, 2, "c")]), Fit::Linked, "known blocks change nothing");
        assert_eq!(log.tip().map(Block::num), Some(BlockNum(103)));
        let on = |num, previous| Block { id: id(num, 9), previous, ..block(num, u64::from(num), "x") };
        assert_eq!(log.extend([on(104, id(103, 9))]), Fit::Forked);
        assert_eq!(log.extend([on(103, id(102, 9))]), Fit::Forked);
        assert_eq!(log.extend([on(102, id(101, 0)), on(103, id(102, 9)), on(104, id(103, 9))]), Fit::Linked);
        assert_eq!(log.id_at(BlockNum(103)), Some(id(103, 9)));
        assert_eq!(log.extend([on(103, id(102, 9))]), Fit::Linked);
        // A lower block of another branch takes what is above with it.
        assert_eq!(log.extend([block(102, 2, "c")]), Fit::Linked);
        assert_eq!(log.tip().map(|tip| tip.id), Some(id(102, 0)));
    }

    #[test]
    fn times_and_slots() {
        let clock = SlotClock::new(&head(1, 100), INTERVAL);
        let at = |millis: i64| clock.slot(Time::from_millis(time(100).as_millis() + millis)).0;
        let cases = [(0, 100), (1400, 100), (1600, 101), (3000, 101), (-1400, 100), (-1600, 99), (-300_000, 0)];
        for (millis, slot) in cases {
            assert_eq!(at(millis), slot, "{millis} ms");
        }
        assert_eq!((clock.time(Slot(90)), clock.time(Slot(110))), (time(90), time(110)));
        let fast = SlotClock::new(&head(1, 100), Duration::from_millis(50));
        assert_eq!(fast.slot(time(100).plus(Duration::from_millis(170))), Slot(103));
    }

    #[test]
    fn the_next_own_slot() {
        let next = |future: Option<&str>, witness: &str, millis: i64| {
            let log = log(&[(103, 3, "d")], &[schedule(105, "abcde", future)]);
            let clock = SlotClock::new(&head(103, 3), INTERVAL);
            let now = Time::from_millis(time(3).as_millis() + millis);
            log.next_own_slot(&name(witness), &head(103, 3), &clock, now).map(|slot| slot.0)
        };
        assert_eq!(next(None, "e", 100), Some(4));
        assert_eq!(next(None, "e", 2900), Some(4), "also late in the slot before");
        assert_eq!(next(None, "e", 3100), Some(4), "and when it has begun, and its block is not there yet");
        assert_eq!(next(None, "d", 100), None, "the next round is not known");
        assert_eq!(next(Some("edcba"), "a", 100), Some(5), "block 105 is still the old schedule's");
        assert_eq!(next(Some("edcba"), "e", 5000), Some(10), "and block 106 the new one's");
        assert_eq!(next(Some("edcba"), "d", 100), Some(6));
        // Two slots later without a block: in slot 6 there will be block 104 or 106, of the old schedule or the new.
        assert_eq!(next(Some("edcba"), "b", 8000), Some(6));
        assert_eq!(next(Some("edcba"), "d", 8000), Some(6));
    }
}
