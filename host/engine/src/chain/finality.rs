//! The highest irreversible block, and who is on a branch without it.

use std::collections::{BTreeMap, BTreeSet};

use dogwatch_agreement::Round;
use dogwatch_chain::{BlockId, BlockNum, Head, Time};

use crate::chain::log::{BlockLog, Fit};

/// A block that the quorum has called irreversible when the log had it.
#[derive(Clone, Copy, Debug)]
struct FinalBlock {
    id: BlockId,
    time: Time,
}

/// The highest irreversible block. A branch without it does not become the chain, however many endpoints show it: on a minority
/// fork the last irreversible block stands still. An endpoint that calls a block of that height irreversible itself is
/// another matter: then two blocks of one height are called so, and the majority counts as ever.
#[derive(Clone, Debug, Default)]
pub(super) struct Finality {
    highest: Option<FinalBlock>,
    /// Endpoints whose blocks do not lead to it.
    read: BTreeSet<String>,
    /// Who denies it in the last round, and the block that they deny.
    deniers: BTreeMap<String, BlockId>,
}

impl Finality {
    /// Finds the endpoints of a round that are on a branch without the highest irreversible block.
    pub(super) fn find_deniers(&mut self, round: &Round<'_, '_, String>, log: &BlockLog) -> Vec<String> {
        self.deniers.clear();
        let Some(highest) = self.highest else { return Vec::new() };
        for judged in round.voices().iter().filter(|judged| judged.standing.is_fresh()) {
            let (endpoint, Some(heard)) = (&judged.voice.endpoint, judged.voice.reading) else { continue };
            let head = heard.head;
            if head.irreversible >= highest.id.num() || log.id_at(head.num()) == Some(head.id) {
                self.read.remove(endpoint);
                continue;
            }
            let shown_before = || round.shown(endpoint).any(|head| highest.came_before(head));
            if self.read.contains(endpoint) || highest.is_denied_by(head, log) || shown_before() {
                self.deniers.insert(endpoint.clone(), highest.id);
            }
        }
        self.deniers.keys().cloned().collect()
    }

    /// The irreversible block that an endpoint's branch does not have.
    pub(super) fn denied_by(&self, endpoint: &str) -> Option<BlockId> {
        self.deniers.get(endpoint).copied()
    }

    /// Takes in how far the quorum calls the chain irreversible, once the log has the blocks up to the agreed head.
    pub(super) fn note(&mut self, head: Option<&Head>, irreversible: Option<BlockNum>, log: &BlockLog) {
        if log.tip().map(|tip| tip.id) != head.map(|head| head.id) {
            return;
        }
        let Some(block) = irreversible.and_then(|num| log.block_at(num)) else { return };
        if self.highest.is_none_or(|highest| block.num() >= highest.id.num()) {
            self.highest = Some(FinalBlock { id: block.id, time: block.time });
        }
    }

    /// Takes in how the first block up to `head`, which `endpoints` have served, fits the log. Whether it shows that their
    /// branch lacks the highest irreversible block: the log has other blocks up to there.
    pub(super) fn is_denied(&mut self, first: BlockNum, fit: Fit, head: &Head, endpoints: &[String]) -> bool {
        let Some(highest) = self.highest.map(|highest| highest.id.num()) else { return false };
        let denied = fit == Fit::Forked && first <= highest.next() && head.irreversible < highest;
        if denied {
            self.read.extend(endpoints.iter().cloned());
        }
        denied
    }
}

impl FinalBlock {
    /// Whether a head is on a branch without this block.
    fn is_denied_by(&self, head: &Head, log: &BlockLog) -> bool {
        let (num, highest) = (head.num(), self.id.num());
        self.came_before(head)
            || num == highest && head.id != self.id
            || num < highest && log.id_at(num).is_some_and(|known| known != head.id)
    }

    /// Whether a lower head is no older: on one branch that cannot be.
    fn came_before(&self, head: &Head) -> bool {
        head.num() < self.id.num() && head.time >= self.time
    }
}
