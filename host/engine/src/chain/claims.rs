//! Checking the heads that endpoints showed earlier against the blocks that came since.

use std::collections::BTreeMap;

use dogwatch_chain::{BlockId, Head};

use crate::chain::log::BlockLog;

/// A head that an endpoint has shown, and whether the one before it proved false.
#[derive(Clone, Copy, Debug)]
struct HeadClaim {
    head: BlockId,
    disproved: bool,
}

/// By endpoint: a head it has shown that the log did not reach yet.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadClaims(BTreeMap<String, HeadClaim>);

impl HeadClaims {
    /// Compares the heads that endpoints showed earlier with the blocks that came since. Nothing else catches an endpoint
    /// that is always ahead, if no other one has shown a head at those heights.
    pub(super) fn check<'a>(&mut self, log: &BlockLog, fresh: impl Iterator<Item = (&'a str, &'a Head)>) {
        let base = log.base().map(|base| base.num());
        for (endpoint, head) in fresh {
            let head = head.id;
            let claim = self.0.entry(endpoint.to_owned()).or_insert(HeadClaim { head, disproved: false });
            match log.id_at(claim.head.num()) {
                Some(known) => *claim = HeadClaim { head, disproved: known != claim.head },
                None if base.is_none_or(|base| claim.head.num() < base) => claim.head = head,
                None => {}
            }
        }
    }

    /// Whether the last head it claimed, as far as that could be checked, never became part of the chain.
    pub(super) fn disproved(&self, endpoint: &str) -> bool {
        self.0.get(endpoint).is_some_and(|claim| claim.disproved)
    }

    /// Forgets all claims: the log that they were held against was wrong.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
