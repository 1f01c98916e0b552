//! What the gaps between blocks tell: whose slots were missed.

use dogwatch_chain::{AccountName, BlockNum, Head, PublicKey, Slot, Time};

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

/// With so many filled there was no halt lately: three quarters.
const RECOVERED: u8 = 96;

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

impl BlockLog {
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

    /// Whether producers waited for each other after the block in that slot: they stop while too few slots are filled. Slots
    /// from before the log count as filled, and so do those from before the chain, as nodes have it.
    fn producers_wait(&self, slot: Slot, clock: &SlotClock) -> bool {
        let until = self.blocks.partition_point(|block| clock.slot(block.time) <= slot);
        let first = slot.back(COUNTED_SLOTS);
        let before = self.blocks.partition_point(|block| clock.slot(block.time) <= first);
        let known = u64::try_from(until.saturating_sub(before)).unwrap_or(u64::MAX);
        let base = self.base().map_or(slot, |base| clock.slot(base.time));
        let unknown = COUNTED_SLOTS.saturating_sub(slot.since(base).saturating_add(1));
        if unknown > 0 && self.may_have_waited(slot, clock) {
            return true;
        }
        known.saturating_add(unknown) < u64::from(REQUIRED_PARTICIPATION)
    }

    /// The same where the log does not reach back far enough: from what heads have said.
    fn may_have_waited(&self, slot: Slot, clock: &SlotClock) -> bool {
        let heads_say = self.waited.is_some_and(|(since, until)| since <= slot && slot <= until);
        let from_before = self.first_head.is_some_and(|(first, filled)| {
            let until = |slot: Slot| self.blocks.partition_point(|block| clock.slot(block.time) <= slot);
            let between = u8::try_from(until(first).saturating_sub(until(slot))).unwrap_or(u8::MAX);
            slot < first && filled < RECOVERED && filled.saturating_sub(between) < REQUIRED_PARTICIPATION
        });
        heads_say || from_before
    }

    /// Takes in how many of the last 128 slots hold a block at a head.
    pub(super) fn note_participation(&mut self, head: &Head) {
        self.first_head.get_or_insert((head.slot, head.participation));
        if head.participation < REQUIRED_PARTICIPATION {
            let since = self.waited.map_or(head.slot, |(since, _)| since);
            self.waited = Some((since, head.slot));
        }
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

    /// The witness's next slot, as far as the schedules reach, assuming that every slot until then is filled.
    ///
    /// A slot that has begun still counts during its first half, as long as its block is not known: clocks differ a
    /// little, and its block may still come.
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
