//! Whether all endpoints stand at the same old block.

use dogwatch_chain::{BlockId, Time};

/// Whether the endpoints that answer all stand at the same old block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standstill {
    /// They do not.
    No,
    /// The chain has halted, or all of them are cut off from it in the same way.
    AllAtTheSameBlock,
}

/// The block that all answering endpoints stand at, if it is one, and since when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CommonHead(Option<(BlockId, Time)>);

impl CommonHead {
    /// Takes in the heads of all answering endpoints, and tells since when they have been the same block: `None` if
    /// they are not, or only now.
    pub(super) fn note(&mut self, now: Time, heads: &[BlockId]) -> Option<Time> {
        let common = heads.first().copied().filter(|first| heads.iter().all(|id| id == first));
        let before = self.0.filter(|(id, _)| Some(*id) == common);
        self.0 = before.or(common.map(|id| (id, now)));
        before.map(|(_, since)| since)
    }
}
