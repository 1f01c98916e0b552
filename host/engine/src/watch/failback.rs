//! What brings the key back: the node that it was moved away from is well again, and the operator wants it back there; or the
//! node that it was moved to by plan misses its first block.

use dogwatch_chain::Time;

use crate::config::Failback;
use crate::holder::Holder;
use crate::rails::UpcomingSlot;
use crate::situation::{Health, SlotOutcome, SwitchOutcome, Verdict};
use crate::switch::{MoveCause, Origin, SwitchRecord};
use crate::watch::event::Force;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

/// Slots that a switch may take to get into a block, and the next own slot must be further off: it waits for a better gap
/// rather than lose a block.
const SLOTS_TO_LAND: u32 = 5;

/// A move of the key back to where it was.
struct Return {
    to: Holder,
    origin: Origin,
    reason: String,
}

/// Whether the key goes back if the new node misses its first block.
fn is_taken_back_if_missed(origin: Origin) -> bool {
    matches!(origin, Origin::Failback | Origin::Planned)
}

impl Watch {
    /// Moves the key back: at once if the node that it went to misses its first block, and home once that costs nothing, right
    /// after a block of the holder. What comes of it is proven as any switch is.
    pub(super) fn fail_back(&mut self, turn: &mut Turn<'_>) {
        if self.state.in_flight.is_some() {
            return;
        }
        let Some(Return { to, origin, reason }) = self.taken_back(turn).or_else(|| self.home(turn)) else { return };
        // What stands in the way passes, or the policy meets it as well and tells.
        if let Ok(plan) = self.planned(turn, &to, origin, Force::No, &reason) {
            self.record(turn, to.wish(), reason);
            self.begin(turn, plan);
        }
    }

    /// The best node, if the holder only stands in for it and could give it the key now.
    fn home(&self, turn: &Turn<'_>) -> Option<Return> {
        let Failback::After(after) = self.config.failback else { return None };
        let last = self.last_move()?;
        let Some(Holder::Node(holder)) = self.holder() else { return None };
        // A node that missed its first block when the key went there is no home until an operator says so.
        let failed_over = last.cause() == MoveCause::Failure && !is_taken_back_if_missed(last.origin);
        if !failed_over
            || turn.now.since(last.at) < after
            || self.state.unproven.is_some()
            || !self.is_best_moment(turn)
        {
            return None;
        }
        // An operator's order of nodes says where the key belongs.
        let better = self.config.nodes.iter().zip(&self.health).take_while(|(node, _)| node.name != holder);
        let mut fit = better.filter(|(node, health)| {
            health.health() == Health::Healthy
                && turn.now.since(health.since()) >= after
                && self.is_fit(turn.now, &node.name)
        });
        let (node, health) = fit.next()?;
        let minutes = turn.now.since(health.since()).as_secs() / 60;
        let reason = format!("{} has been fit for {minutes} min, and {holder} only stands in for it", node.name);
        Some(Return { to: Holder::Node(node.name.clone()), origin: Origin::Failback, reason })
    }

    /// The node that the key came from, if the one that it went to has missed its first block.
    fn taken_back(&self, turn: &Turn<'_>) -> Option<Return> {
        let last = self.last_move()?;
        let failed = is_taken_back_if_missed(last.origin)
            && last.first_missed.is_none()
            && self.state.unproven.is_some()
            && self.verdict(turn.now, turn.chain) == Verdict::Me
            && !self.trailing_misses().is_empty();
        let Holder::Node(before) = &last.from else { return None };
        let reason = || format!("{} has missed its first block, and {before} is fit", last.to.place());
        let back = || Return { to: last.from.clone(), origin: last.origin, reason: reason() };
        (failed && self.is_fit(turn.now, before)).then(back)
    }

    /// The last switch that took effect.
    fn last_move(&self) -> Option<&SwitchRecord> {
        self.state.switches.iter().rev().find(|record| record.outcome == SwitchOutcome::Applied)
    }

    /// Whether all is well, the holder has just made a block, and the next own slot is far off.
    fn is_best_moment(&self, turn: &Turn<'_>) -> bool {
        let round_trip = self.interval().saturating_mul(2);
        let just_now = |at: Time| turn.now.since(at) < round_trip;
        let produced = self.state.slots.last().is_some_and(|own| {
            own.outcome == SlotOutcome::Produced && Some(&own.holder) == self.holder().as_ref() && just_now(own.time)
        });
        let far = match self.upcoming_slot(turn.now, turn.chain) {
            UpcomingSlot::In(starts_in) | UpcomingSlot::UnknownFrom(starts_in) => {
                let half_round = self.config.profile.round_length / 2;
                starts_in > self.interval().saturating_mul(half_round.min(SLOTS_TO_LAND))
            }
            UpcomingSlot::Unknown => false,
        };
        produced && far && self.verdict(turn.now, turn.chain) == Verdict::Fine
    }
}

#[cfg(test)]
mod tests;
