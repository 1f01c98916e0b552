//! Noticing that the endpoints may show a minority's branch, or stand still while the chain goes on.

use std::time::Duration;

use dogwatch_alerts::Cause;
use dogwatch_chain::{BlockNum, Time};

use crate::chain::{Majority, Standstill, Tracker};
use crate::health::Unfit;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

/// Two nodes that follow one chain are no further apart than this many blocks.
const TOGETHER: u32 = 3;

/// For how many slots a suspicion must last to be more than a moment: own nodes are probed between two polls.
const MOMENT: u32 = 3;

/// Why the branch that the endpoints show may not be the chain's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ForkSuspicion {
    /// An own node stands well above the endpoints' head.
    NodeAhead {
        /// The node.
        node: String,
        /// Its head.
        at: BlockNum,
    },
    /// All endpoints stand still, and an own node goes on.
    OnlyNodeGoesOn {
        /// The node.
        node: String,
        /// Its head.
        at: BlockNum,
    },
    /// Half of the witnesses or fewer have made blocks on it within the last round, and none of those is irreversible.
    NoMajority,
}

impl ForkSuspicion {
    /// How long it must last before it is said.
    fn patience(&self, watch: &Watch) -> Duration {
        match self {
            Self::NodeAhead { .. } | Self::OnlyNodeGoesOn { .. } => watch.config.profile.slots(MOMENT),
            Self::NoMajority => watch.config.profile.round(),
        }
    }
}

impl Watch {
    /// Raises the alert about a fork once a suspicion has lasted, and closes it when there is none.
    pub(super) fn report_fork(&mut self, turn: &mut Turn<'_>) {
        let Some(suspicion) = self.fork_suspicion(turn.now, turn.chain) else { return self.no_fork(turn) };
        self.fork_gone_since = None;
        let since = match self.fork_since {
            // One sign may take over from another. If the clock was set back, the time starts again.
            Some(since) => since.min(turn.now),
            None => turn.now,
        };
        let lasts = turn.now.since(since);
        let due = lasts >= suspicion.patience(self);
        self.fork_since = Some(since);
        if due || self.state.alerts.is_open(&self.alert_key(Cause::MinorityFork)) {
            let notice = self.minority_fork(turn.chain, &suspicion);
            self.raise(turn, notice);
        }
    }

    /// Nothing speaks for a fork now: the alert ends once that has lasted for a round. While nothing can be seen, nothing is
    /// over.
    fn no_fork(&mut self, turn: &mut Turn<'_>) {
        self.fork_since = None;
        if !turn.chain.quorum_agrees() {
            self.fork_gone_since = None;
            return;
        }
        // If the clock was set back, the time starts again.
        let since = self.fork_gone_since.map_or(turn.now, |since| since.min(turn.now));
        self.fork_gone_since = Some(since);
        if turn.now.since(since) >= self.config.profile.round() {
            self.resolve(turn, Cause::MinorityFork, "Most witnesses build on the branch that the endpoints show.");
        }
    }

    /// Whether the endpoints may show a minority's branch: an alert says so, or will if it lasts.
    pub(super) fn fork_is_suspected(&self, now: Time) -> bool {
        let moment = self.config.profile.slots(MOMENT);
        self.fork_since.is_some_and(|since| now.since(since) >= moment)
            || self.state.alerts.is_open(&self.alert_key(Cause::MinorityFork))
    }

    fn fork_suspicion(&self, now: Time, chain: &Tracker) -> Option<ForkSuspicion> {
        let ahead = self.node_ahead(now, chain);
        if chain.quorum_agrees() {
            let lost = Self::caught_up(chain) && chain.recent_majority() == Majority::NotSeen;
            let majority = lost.then_some(ForkSuspicion::NoMajority);
            return ahead.map(|(node, at)| ForkSuspicion::NodeAhead { node, at }).or(majority);
        }
        let still = chain.standstill() == Standstill::AllAtTheSameBlock;
        ahead.filter(|_| still).map(|(node, at)| ForkSuspicion::OnlyNodeGoesOn { node, at })
    }

    /// An own node that answers with a fresh head well above the endpoints'.
    fn node_ahead(&self, now: Time, chain: &Tracker) -> Option<(String, BlockNum)> {
        let head = chain.head()?.num();
        let stale_after = chain.config().stale_after;
        let ahead = self.config.nodes.iter().zip(&self.health).filter_map(|(node, health)| {
            // A node that has other blocks than the endpoints may be the one that is right.
            let answers = matches!(health.unfit(), None | Some(Unfit::Fork(_)));
            let shown = health.newest_shown().filter(|shown| answers && now.since(shown.time) <= stale_after)?;
            let at = shown.num();
            (at.0 > head.0.saturating_add(TOGETHER)).then(|| (node.name.clone(), at))
        });
        ahead.max_by_key(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests;
