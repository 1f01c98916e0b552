//! What is taken from the log when blocks turn out to lie on another branch. The log steps back further and further: some of
//! what it has taken is on both branches.

use std::collections::BTreeMap;

use dogwatch_chain::{AccountName, Block, BlockId, BlockNum};

/// Rounds, by the number of the block that ends each.
type Rounds = BTreeMap<BlockNum, Vec<AccountName>>;

/// The block that elected a round.
pub(super) fn elected_in(next_shuffle: BlockNum, witnesses: &[AccountName]) -> BlockNum {
    next_shuffle.back(u32::try_from(witnesses.len()).unwrap_or(u32::MAX))
}

/// Blocks that were taken, and the rounds that they had elected, until the block is found where the branches part.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    blocks: BTreeMap<BlockNum, BlockId>,
    rounds: Rounds,
    newest: Option<BlockNum>,
}

impl Taken {
    pub(super) fn add(&mut self, blocks: impl IntoIterator<Item = Block>, rounds: Rounds) {
        self.blocks.extend(blocks.into_iter().map(|block| (block.num(), block.id)));
        self.rounds.extend(rounds);
        self.newest = self.newest.max(self.blocks.keys().next_back().copied());
    }

    /// The newest block that was taken.
    pub(super) fn newest(&self) -> Option<BlockNum> {
        self.newest
    }

    /// The rounds that a new block shows to be on both branches, if it is one of those that were taken.
    pub(super) fn rounds_on_both(&mut self, block: &Block) -> Rounds {
        if self.blocks.get(&block.num()) != Some(&block.id) {
            // Here they part, or have parted.
            (self.blocks, self.rounds) = (BTreeMap::new(), BTreeMap::new());
            return BTreeMap::new();
        }
        let (both, above) = std::mem::take(&mut self.rounds)
            .into_iter()
            .partition(|(next_shuffle, witnesses)| elected_in(*next_shuffle, witnesses) <= block.num());
        self.rounds = above;
        both
    }
}
