//! The blocks of one chain, and where each transaction is.

use std::collections::BTreeMap;
use std::sync::Arc;

use dogwatch_chain::{AccountName, BlockId, BlockNum, PublicKey, SignedTransaction, Time, TransactionId};

use super::chain_state::ChainState;

/// A block.
#[derive(Clone, Debug)]
pub(crate) struct StoredBlock {
    pub(crate) id: BlockId,
    pub(crate) previous: BlockId,
    pub(crate) time: Time,
    pub(crate) witness: AccountName,
    pub(crate) signing_key: PublicKey,
    pub(crate) signature: String,
    pub(crate) merkle: [u8; 20],
    pub(crate) transactions: Vec<(TransactionId, Arc<SignedTransaction>)>,
}

/// The place of a transaction in a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inclusion {
    pub(crate) block: BlockNum,
    pub(crate) index: usize,
    pub(crate) expiration: Time,
}

/// All blocks from the first one on.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredBlocks {
    /// Block `n` is at `n - 1`.
    blocks: Vec<Arc<StoredBlock>>,
    included: BTreeMap<TransactionId, Inclusion>,
}

impl StoredBlocks {
    pub(crate) fn block(&self, num: BlockNum) -> Option<&Arc<StoredBlock>> {
        self.blocks.get(usize::try_from(num.0.checked_sub(1)?).ok()?)
    }

    /// Where a transaction is, as a node at that head sees it.
    pub(crate) fn inclusion(&self, id: &TransactionId, head: &ChainState) -> Option<Inclusion> {
        self.included.get(id).copied().filter(|inclusion| inclusion.block <= head.head.num())
    }

    /// Whether a transaction is in a block and has not expired, so it could be sent again.
    pub(crate) fn is_known(&self, id: &TransactionId, head: &ChainState) -> bool {
        self.inclusion(id, head).is_some_and(|inclusion| inclusion.expiration >= head.time)
    }

    /// The id of the newest block up to that head whose number ends in these bits; zeros if there is none yet.
    pub(crate) fn reference(&self, ref_block_num: u16, head: &ChainState) -> BlockId {
        let top = head.head.num().0;
        let distance = u32::from((top as u16).wrapping_sub(ref_block_num));
        top.checked_sub(distance).and_then(|num| self.block(BlockNum(num))).map(|block| block.id).unwrap_or_default()
    }

    /// Adds the next block.
    pub(crate) fn push(&mut self, block: StoredBlock) {
        for (index, (id, signed)) in block.transactions.iter().enumerate() {
            let expiration = signed.transaction.expiration;
            self.included.insert(*id, Inclusion { block: block.id.num(), index, expiration });
        }
        self.blocks.push(Arc::new(block));
    }
}
