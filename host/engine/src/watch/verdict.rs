//! The verdict: whose fault missed blocks are.

use dogwatch_chain::Time;

use crate::chain::{REQUIRED_PARTICIPATION, Standstill, Tracker};
use crate::holder::Holder;
use crate::situation::{Agreement, Verdict};
use crate::watch::machine::Watch;

impl Watch {
    /// Whose fault it is.
    pub fn verdict(&self, now: Time, tracker: &Tracker) -> Verdict {
        let view = tracker.view(now);
        match view.agreement {
            Agreement::Blind
                if tracker.standstill() == Standstill::AllAtTheSameBlock && !self.fork_is_suspected(now) =>
            {
                return Verdict::Chain;
            }
            Agreement::Blind | Agreement::Thin | Agreement::Disagreed => return Verdict::CannotTell,
            Agreement::Agreed | Agreement::Single => {}
        }
        // Slots that are counted with the wrong length say nothing.
        if tracker.parameters().are_wrong() {
            return Verdict::CannotTell;
        }
        if !tracker.knows_schedule() {
            return Verdict::CannotTell;
        }
        // Producers themselves stop below a third: they take the chain for a minority's, and no switch cures that.
        if view.participation < REQUIRED_PARTICIPATION {
            return Verdict::Chain;
        }
        // The endpoints were fresh when they last answered: an old head means that this was a while ago. And the
        // tracker may know blocks that have not been recorded here yet.
        let stale = view.head_age > tracker.config().stale_after;
        if stale || !Self::caught_up(tracker) || self.state.key.is_none() || self.state.seen != Some(view.head_slot) {
            return Verdict::CannotTell;
        }
        // Old misses prove nothing where what came since is not to be seen.
        if self.fork_is_suspected(now) {
            return Verdict::CannotTell;
        }
        // A dead node misses every slot to come, and so does one that is far behind, or on which others miss theirs.
        let out = self.holder_out_since().or_else(|| self.holder_behind_since());
        if out.is_some() || !self.proven_misses(tracker).is_empty() || !self.shared_misses(tracker).is_empty() {
            return Verdict::Me;
        }
        // A witness of which no slot is known may be missing all of them.
        let known = self.knows_a_slot(tracker) || self.holder() == Some(Holder::Disabled);
        match known && self.blamed_misses() == 0 {
            true => Verdict::Fine,
            false => Verdict::CannotTell,
        }
    }

    /// Whether the blocks up to the head are known, on the head's own branch.
    pub(super) fn caught_up(tracker: &Tracker) -> bool {
        tracker.log().tip().map(|tip| tip.id) == tracker.head().map(|head| head.id)
    }
}

#[cfg(test)]
mod tests;
