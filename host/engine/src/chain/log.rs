//! The last blocks of a chain, linked, and the schedules that were in force.

use std::collections::{BTreeMap, VecDeque};

use dogwatch_chain::{AccountName, Block, BlockId, BlockNum, PublicKey, Schedule, Time, TransactionId};

/// How many rounds of blocks and schedules are kept.
const ROUNDS_KEPT: u32 = 16;

/// How new blocks fit the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// They follow what was known.
    Linked,
    /// They belong to another branch: some known blocks were dropped, and the blocks from there on must be read again.
    Forked,
}

/// The last rounds of blocks, without gaps in their numbers, and the schedules that were in force.
#[derive(Clone, Debug, Default)]
pub struct BlockLog {
    pub(super) blocks: VecDeque<Block>,
    /// By the number of the block that ended (or will end) the schedule.
    pub(super) schedules: BTreeMap<BlockNum, Vec<AccountName>>,
    pub(super) future: Option<Schedule>,
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

    /// Whether the newest block was only read as a header.
    pub fn ends_in_headers(&self) -> bool {
        self.tip().is_some_and(Block::is_header)
    }

    /// Whether every block from there on is known, with its transactions.
    pub fn is_whole_from(&self, num: BlockNum) -> bool {
        self.base().is_some_and(|base| base.num() <= num)
            && self.blocks.iter().rev().take_while(|block| block.num() >= num).all(|block| !block.is_header())
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
            .find(|block| block.witness == *witness && block.signing_key == Some(key))
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
}

#[cfg(test)]
mod tests;
