//! Alerts about what stands at an observation: the key's state, participation and misses.

use dogwatch_chain::Time;

use crate::cause::Cause;
use crate::chain::Tracker;
use crate::situation::{SlotOutcome, Verdict};
use crate::switch::Target;
use crate::watch::event::Command;
use crate::watch::machine::Watch;

/// By so many slots participation must exceed its limit before the alert about it is closed, so as not to flap.
const PARTICIPATION_MARGIN: u8 = 4;

impl Watch {
    pub(super) fn say_key_state(&mut self, now: Time, out: &mut Vec<Command>) {
        match self.holder() {
            Some(Target::Foreign) => {
                self.resolve(now, Cause::Disabled, "The witness is enabled, with an unknown key.", out);
                let notice = self.foreign_key();
                self.raise(now, notice, out);
            }
            Some(Target::Disabled) => {
                self.resolve(now, Cause::ForeignKey, "The witness is disabled now.", out);
                let notice = self.disabled(now);
                self.raise(now, notice, out);
            }
            Some(Target::Node(name)) => {
                self.resolve(now, Cause::ForeignKey, &format!("The signing key is that of node {name} now."), out);
                self.resolve(now, Cause::Disabled, &format!("It is enabled, with the key of node {name}."), out);
                if self.has_produced() {
                    let how = format!("Node {name} has produced a block with the new key.");
                    self.resolve(now, Cause::KeyChanged, &how, out);
                }
            }
            None => {}
        }
    }

    /// A chain that runs thin keeps Dogwatch from acting: somebody should know.
    pub(super) fn say_participation(&mut self, now: Time, tracker: &Tracker, out: &mut Vec<Command>) {
        if !Self::well(tracker) {
            return;
        }
        let (filled, least) = (tracker.view(now).participation, self.config.rails.min_participation);
        if filled < least {
            let notice = self.low_participation(filled);
            self.raise(now, notice, out);
        } else if filled >= least.saturating_add(PARTICIPATION_MARGIN) {
            let how = format!("{filled} of the last 128 slots hold a block.");
            self.resolve(now, Cause::LowParticipation, &how, out);
        }
    }

    pub(super) fn say_misses(&mut self, now: Time, tracker: &Tracker, out: &mut Vec<Command>) {
        match self.verdict(now, tracker) {
            Verdict::Me => {
                let notice = self.missing(now);
                self.raise(now, notice, out);
            }
            Verdict::Fine => {
                let how = self.missing_over();
                self.resolve(now, Cause::Missing, &how, out);
                if self.state.unproven.is_none() && self.failure_is_over() {
                    self.resolve_switching(
                        now,
                        "It is not needed any more: the witness produces, or somebody else has moved the key.",
                        out,
                    );
                }
            }
            Verdict::Chain | Verdict::CannotTell => {}
        }
    }

    /// Whether the last switch, if it failed, is not needed any more.
    fn failure_is_over(&self) -> bool {
        let Some(last) = self.state.switches.last() else { return true };
        let (failed, slot) = (last.settled_at.unwrap_or(last.at), self.state.slots.last());
        let produced = slot.is_some_and(|slot| slot.outcome == SlotOutcome::Produced && slot.time > failed);
        produced || self.holder() != Some(last.from.clone())
    }
}
