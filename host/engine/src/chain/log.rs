//! The last blocks of a chain, linked, and the schedules that were in force.

mod taken;

use std::collections::{BTreeMap, VecDeque};

use dogwatch_chain::{AccountName, Block, BlockId, BlockNum, Head, PublicKey, Schedule, Slot, Time, TransactionId};

use crate::chain::log::taken::{Taken, elected_in};

/// How many rounds of blocks and schedules are kept.
pub(super) const ROUNDS_KEPT: u32 = 16;

/// How many heads are remembered: more than the blocks of the rounds that are kept, of 21 blocks each.
const HEADS_KEPT: usize = 400;

/// How many forks are remembered.
const FORKS_KEPT: usize = 64;

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
    /// Of heads on this branch, the slot and how many of the 128 slots up to it hold a block.
    pub(super) heads: VecDeque<(Slot, u8)>,
    /// How many blocks the last step back has taken, since blocks last linked.
    stepped_back: usize,
    /// What the steps back have taken.
    taken: Taken,
    /// How often blocks turned out to lie on another branch, and the newest block that was left each time, newest last.
    forks: (u32, VecDeque<Time>),
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

    /// The block at a height, if the log reaches there.
    pub fn block_at(&self, num: BlockNum) -> Option<&Block> {
        let base = self.base()?.num();
        self.blocks.get(usize::try_from(num.0.checked_sub(base.0)?).ok()?)
    }

    /// The id at a height, if the log reaches there.
    pub fn id_at(&self, num: BlockNum) -> Option<BlockId> {
        self.block_at(num).map(|block| block.id)
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

    /// How many blocks are later than `time`.
    pub(crate) fn blocks_after(&self, time: Time) -> usize {
        self.blocks.iter().rev().take_while(|block| block.time > time).count()
    }

    /// The newest block of a witness that is signed with `key`, at or after `from`.
    pub fn produced_since(&self, witness: &AccountName, key: PublicKey, from: BlockNum) -> Option<&Block> {
        self.blocks
            .iter()
            .rev()
            .take_while(|block| block.num() >= from)
            .find(|block| block.witness == *witness && block.signing_key == Some(key))
    }

    /// The block that made `key` the signing key that a witness has now, if the log shows that.
    pub fn key_set_in(&self, witness: &AccountName, key: PublicKey) -> Option<&Block> {
        let change = |block: &Block| block.key_changes.iter().rfind(|change| change.witness == *witness).cloned();
        let read = self.blocks.iter().rev().take_while(|block| !block.is_header());
        let changes = read.filter_map(|block| Some((block, change(block)?)));
        // An operation may set the key that the witness has already.
        changes.take_while(|(_, change)| change.key == key).last().map(|(block, _)| block)
    }

    /// The first block of a witness that is signed with `key`, if no block since then changes that key.
    pub fn signed_since_change(&self, witness: &AccountName, key: PublicKey) -> Option<&Block> {
        let changes = |block: &Block| block.key_changes.iter().any(|change| change.witness == *witness);
        let same = self.blocks.iter().rev().take_while(|block| !block.is_header() && !changes(block));
        same.filter(|block| block.witness == *witness && block.signing_key == Some(key)).last()
    }

    /// The signing keys that blocks later than `time` set for a witness, and when, oldest first.
    pub fn key_changes_after(&self, witness: &AccountName, time: Time) -> impl Iterator<Item = (Time, PublicKey)> {
        let later = self.blocks.range(self.blocks.partition_point(|block| block.time <= time)..);
        let changes = later.flat_map(|block| block.key_changes.iter().map(|change| (block.time, change)));
        changes.filter(|(_, change)| change.witness == *witness).map(|(time, change)| (time, change.key))
    }

    /// The first block of a witness that is signed with `key`, later than `time`.
    pub fn signed_after(&self, witness: &AccountName, key: PublicKey, time: Time) -> Option<&Block> {
        let mut signed = self.blocks.iter().filter(|block| block.signing_key == Some(key) && block.witness == *witness);
        signed.find(|block| block.time > time)
    }

    /// Whether a witness has made a block, at `time` or later, that is signed with `key`, or of which only the header is known.
    pub fn made_since(&self, witness: &AccountName, key: PublicKey, time: Time) -> bool {
        let later = self.blocks.iter().rev().take_while(|block| block.time >= time);
        later
            .filter(|block| block.witness == *witness)
            .any(|block| block.signing_key.is_none_or(|signed| signed == key))
    }

    /// Notes the agreed head, up to which blocks are read next.
    pub(super) fn note_head(&mut self, head: &Head) {
        while self.heads.pop_back_if(|(slot, _)| *slot >= head.slot).is_some() {}
        if self.heads.len() >= HEADS_KEPT {
            self.heads.pop_front();
        }
        self.heads.push_back((head.slot, head.participation));
    }

    /// Appends blocks in ascending order.
    pub fn extend(&mut self, blocks: impl IntoIterator<Item = Block>) -> Fit {
        for block in blocks {
            match self.tip().map(|tip| (tip.num(), tip.id)) {
                None => self.push(block),
                Some((num, _)) if block.num() <= num => {
                    if self.id_at(block.num()) == Some(block.id) {
                        continue;
                    }
                    self.drop_from(block.num());
                    match self.tip() {
                        Some(below) if below.id != block.previous => return self.step_back(),
                        _ => self.push(block),
                    }
                }
                Some((num, id)) if block.num() == num.next() => {
                    if block.previous != id {
                        return self.step_back();
                    }
                    self.push(block);
                }
                Some(_) => {
                    // Blocks in between were never seen: nothing can be said of their slots. More blocks in the same time are
                    // another branch's.
                    let other_branch = self.tip().is_some_and(|tip| tip.time >= block.time);
                    self.blocks.clear();
                    self.taken = Taken::default();
                    if other_branch {
                        self.note_fork();
                        self.drop_schedules();
                    }
                    self.blocks.push_back(block);
                }
            }
        }
        self.stepped_back = 0;
        self.learn_schedule_again();
        self.prune();
        Fit::Linked
    }

    fn push(&mut self, block: Block) {
        for (next_shuffle, witnesses) in self.taken.rounds_on_both(&block) {
            self.schedules.entry(next_shuffle).or_insert(witnesses);
        }
        self.blocks.push_back(block);
    }

    /// Forgets the newest blocks, which turned out to lie on another branch: one, then two more, then four more.
    fn step_back(&mut self) -> Fit {
        self.stepped_back = self.stepped_back.saturating_mul(2).max(1);
        let left = self.blocks.len().saturating_sub(self.stepped_back);
        let blocks = self.blocks.split_off(left);
        self.note_fork();
        let rounds = self.drop_schedules();
        self.taken.add(blocks, rounds);
        Fit::Forked
    }

    /// Whether blocks turned out to lie on another branch, and not all of those that have won are there yet.
    pub(super) fn is_on_a_lost_branch(&self) -> bool {
        self.taken.newest() > self.tip().map(Block::num)
    }

    /// The newest block, or an older one, that was still there after each fork since the `seen`-th: whatever came after it was
    /// on another branch. `None` if there was no fork since.
    pub(crate) fn forked_above(&self, seen: u32) -> Option<Time> {
        let (count, left) = &self.forks;
        let since = usize::try_from(count.wrapping_sub(seen)).unwrap_or(usize::MAX);
        if since > left.len() {
            return Some(Time::from_millis(0));
        }
        left.iter().rev().take(since).min().copied()
    }

    /// How often blocks turned out to lie on another branch.
    pub(crate) fn forks(&self) -> u32 {
        self.forks.0
    }

    fn note_fork(&mut self) {
        let left = self.tip().map_or(Time::from_millis(0), |tip| tip.time);
        let newest = self.heads.pop_back();
        self.heads = newest.into_iter().collect();
        let (count, times) = &mut self.forks;
        *count = count.wrapping_add(1);
        times.push_back(left);
        while times.len() > FORKS_KEPT {
            times.pop_front();
        }
    }

    /// Forgets the rounds that were elected above the newest block: another branch has elected others.
    fn drop_schedules(&mut self) -> BTreeMap<BlockNum, Vec<AccountName>> {
        let tip = self.tip().map_or(BlockNum(0), Block::num);
        let (known, above) = std::mem::take(&mut self.schedules)
            .into_iter()
            .partition(|(next_shuffle, witnesses)| elected_in(*next_shuffle, witnesses) <= tip);
        self.schedules = known;
        above
    }

    /// Notes the newest schedule once more, if blocks have linked up to where it is in force.
    fn learn_schedule_again(&mut self) {
        if let (Some(schedule), Some(tip)) = (&self.future, self.tip().map(Block::num))
            && schedule.is_in_force_at(tip)
        {
            self.schedules.entry(schedule.next_shuffle).or_insert_with(|| schedule.current.clone());
        }
    }

    /// Forgets the newest block, which is not on the head's branch.
    pub(crate) fn drop_tip(&mut self) {
        self.blocks.pop_back();
        self.note_fork();
    }

    /// Forgets the blocks from that height on.
    pub(crate) fn drop_from(&mut self, num: BlockNum) {
        while self.tip().is_some_and(|tip| tip.num() >= num) {
            self.blocks.pop_back();
        }
        self.note_fork();
        self.drop_schedules();
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
