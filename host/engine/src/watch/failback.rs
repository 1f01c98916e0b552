//! Failback: the node that the key was moved away from is well again, and the operator wants it back there.

use std::time::Duration;

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

impl Watch {
    /// Moves the key back once that costs nothing: right after a block of the holder. What comes of it is proven as any
    /// switch is.
    pub(super) fn fail_back(&mut self, turn: &mut Turn<'_>) {
        let Failback::After(after) = self.config.failback else { return };
        if self.state.in_flight.is_some() {
            return;
        }
        let Some((to, reason)) = self.taken_back(turn).or_else(|| self.home(turn, after)) else { return };
        // What stands in the way passes, or the policy meets it as well and tells.
        if let Ok(plan) = self.planned(turn, &to, Origin::Failback, Force::No, &reason) {
            self.record(turn, to.wish(), reason);
            self.begin(turn, plan);
        }
    }

    /// The best node, if the holder only stands in for it and could give it the key now.
    fn home(&self, turn: &Turn<'_>, after: Duration) -> Option<(Holder, String)> {
        let last = self.last_move()?;
        let Some(Holder::Node(holder)) = self.holder() else { return None };
        // A node that missed its first block when the key went back is no home until an operator says so.
        let failed_over = last.cause() == MoveCause::Failure && last.origin != Origin::Failback;
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
        Some((Holder::Node(node.name.clone()), reason))
    }

    /// The node that stood in, if the one that the key went back to has missed its first block.
    fn taken_back(&self, turn: &Turn<'_>) -> Option<(Holder, String)> {
        let last = self.last_move()?;
        let failed = last.origin == Origin::Failback
            && last.first_missed.is_none()
            && self.state.unproven.is_some()
            && self.verdict(turn.now, turn.chain) == Verdict::Me
            && !self.trailing_misses().is_empty();
        let Holder::Node(stood_in) = &last.from else { return None };
        let reason = || format!("{} has missed its first block, and {stood_in} is fit", last.to.place());
        (failed && self.is_fit(turn.now, stood_in)).then(|| (last.from.clone(), reason()))
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
