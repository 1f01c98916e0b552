//! Alerts about conditions that each observation checks: the key's state, participation and misses.

use dogwatch_alerts::Cause;

use crate::chain::Tracker;
use crate::holder::Holder;
use crate::situation::{SlotOutcome, Verdict};
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

/// Participation must exceed its limit by this many slots before its alert is closed, so that it does not flap.
const PARTICIPATION_MARGIN: u8 = 4;
/// All of the slots that participation counts.
const PARTICIPATION_MOST: u8 = 128;

impl Watch {
    pub(super) fn report_key_state(&mut self, turn: &mut Turn<'_>) {
        match self.holder() {
            Some(Holder::Foreign) => {
                self.resolve(turn, Cause::Disabled, "The witness is enabled, with an unknown key.");
                let notice = self.foreign_key();
                self.raise(turn, notice);
            }
            Some(Holder::Disabled) => {
                self.resolve(turn, Cause::ForeignKey, "The witness is now disabled.");
                let notice = self.disabled(turn.now);
                self.raise(turn, notice);
            }
            Some(Holder::Node(name)) => {
                self.resolve(turn, Cause::ForeignKey, &format!("The signing key is now that of node {name}."));
                self.resolve(turn, Cause::Disabled, &format!("It is enabled, with the key of node {name}."));
                if self.has_produced(turn.chain) {
                    let how = format!("Node {name} has produced a block with that key.");
                    self.resolve(turn, Cause::KeyChanged, &how);
                }
            }
            None => {}
        }
    }

    /// Low participation is the others' trouble first, and may be the witness's next.
    pub(super) fn report_participation(&mut self, turn: &mut Turn<'_>) {
        if !turn.chain.quorum_agrees() {
            return;
        }
        let (filled, least) = (turn.chain.view(turn.now).participation, self.config.rails.min_participation);
        if filled < least {
            let notice = self.low_participation(filled);
            self.raise(turn, notice);
        } else if filled >= least.saturating_add(PARTICIPATION_MARGIN).min(PARTICIPATION_MOST) {
            let how = format!("{filled} of the last 128 slots hold a block.");
            self.resolve(turn, Cause::LowParticipation, &how);
        }
    }

    pub(super) fn report_misses(&mut self, turn: &mut Turn<'_>) {
        match self.verdict(turn.now, turn.chain) {
            // Its node is dead, or others miss slots there, and it has lost none yet: what was missed before is over.
            Verdict::Me if self.missed_in_a_row() == 0 => {
                if self.produces(turn.chain) {
                    let how = self.missing_over();
                    self.resolve(turn, Cause::Missing, &how);
                }
            }
            Verdict::Me => {
                let notice = self.missing(turn.now, turn.chain);
                self.raise(turn, notice);
            }
            Verdict::Fine => {
                if self.produces(turn.chain) {
                    let how = self.missing_over();
                    self.resolve(turn, Cause::Missing, &how);
                }
                if self.state.unproven.is_none() && self.failure_is_over() {
                    self.resolve_switching(
                        turn,
                        "It is no longer needed: the witness produces, or somebody else has moved the key.",
                    );
                }
            }
            Verdict::Chain | Verdict::CannotTell if !turn.chain.quorum_agrees() => {}
            // A chain in trouble is no reason to say nothing: the witness misses one block after the other.
            Verdict::Chain | Verdict::CannotTell if self.missed_in_a_row() > 1 => {
                let notice = self.missing(turn.now, turn.chain);
                self.raise(turn, notice);
            }
            Verdict::Chain | Verdict::CannotTell if self.produces(turn.chain) => {
                let how = self.missing_over();
                self.resolve(turn, Cause::Missing, &how);
            }
            Verdict::Chain | Verdict::CannotTell => {}
        }
    }

    /// Whether the present holder signed the last block of the witness, and missed nothing since; or the witness is
    /// disabled, and nobody is expected to produce. A new key alone proves nothing: nodes show it while it is pending, and
    /// its node may be as dead as the last one.
    fn produces(&self, chain: &Tracker) -> bool {
        let Some(holder) = self.holder().filter(|_| self.state.missed_unseen == 0) else { return false };
        if holder == Holder::Disabled {
            let since = self.state.key.and_then(|record| record.since);
            return since.is_none_or(|since| chain.head().is_some_and(|head| head.slot >= since));
        }
        let last = self.state.slots.iter().rev().find(|record| record.outcome != SlotOutcome::ChainWide);
        let produced = last.is_some_and(|last| last.outcome == SlotOutcome::Produced && last.holder == holder);
        produced && self.knows_a_slot(chain)
    }

    /// Whether the last switch, if it failed, is no longer needed.
    fn failure_is_over(&self) -> bool {
        let Some(last) = self.state.switches.last() else { return true };
        let (failed, slot) = (last.settled_at.unwrap_or(last.at), self.state.slots.last());
        let produced = slot.is_some_and(|slot| slot.outcome == SlotOutcome::Produced && slot.time > failed);
        produced || self.holder() != Some(last.from.clone())
    }
}
