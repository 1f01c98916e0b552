//! What alerts say of missed blocks, of the witness and of the whole chain.

use dogwatch_alerts::{Cause, Notice, Severity};
use dogwatch_chain::Time;

use crate::chain::{REQUIRED_PARTICIPATION, Tracker};
use crate::config::Signing;
use crate::holder::Holder;
use crate::situation::{Mode, Verdict};
use crate::time::utc;
use crate::watch::machine::Watch;
use crate::watch::text::phrases::{Advice, ENDPOINTS, STATUS};

/// What keeps Dogwatch from switching on misses, and what to do about that, if a switch by hand is no better.
#[derive(Clone, Copy)]
struct SwitchHold {
    why: &'static str,
    remedy: Option<&'static str>,
}

impl Watch {
    pub(in crate::watch) fn low_participation(&self, filled: u8) -> Notice {
        let least = self.config.rails.min_participation;
        let (chain, name) = (&self.config.profile.name, self.name());
        Notice {
            command: ENDPOINTS.to_owned(),
            ..self.notice(
                Cause::LowParticipation,
                Severity::Critical,
                format!("{chain}: only {filled} of the last 128 slots hold a block"),
                format!(
                    "Below {least} the chain itself is in trouble. Dogwatch still switches if {name} misses its slots; \
                     below {REQUIRED_PARTICIPATION} producers stop by themselves, and no switch helps."
                ),
                "Find out what is wrong with the chain, and what other witnesses do.",
            )
        }
    }

    pub(in crate::watch) fn missing(&self, now: Time, chain: &Tracker) -> Notice {
        let misses = self.misses_of_anybody();
        let count = self.missed_in_a_row();
        let missed = if count == 1 { "missed a block".to_owned() } else { format!("missed {count} blocks in a row") };
        let when = match (misses.first(), misses.last()) {
            (Some(first), Some(last)) if first.slot != last.slot => {
                format!("The first at {}, the last at {}", utc(first.time), utc(last.time))
            }
            (Some(only), _) => format!("At {}", utc(only.time)),
            (None, _) => "Just now".to_owned(),
        };
        let when = match self.state.missed_unseen {
            0 => when,
            _ if misses.is_empty() => "While Dogwatch could not see the chain".to_owned(),
            unseen => format!("{when}, and {unseen} while Dogwatch could not see the chain"),
        };
        let name = self.name();
        let what = match self.holder() {
            // Another node missed the first of them.
            Some(Holder::Node(_)) if count > self.blamed_misses() => format!("{name} {missed}"),
            Some(Holder::Node(node)) => format!("{name}: node {node} {missed}"),
            _ => format!("{name} {missed}, with an unknown signing key"),
        };
        let hold = self.hold(now, chain);
        let (next, Advice { remedy, command }) = self.after_misses(now, count, hold);
        let when = if hold.is_some() { when } else { format!("{when}. The chain goes on without it") };
        Notice {
            command,
            ..self.notice(
                Cause::Missing,
                Self::miss_severity(count),
                what,
                format!("{when}. {next} {}", self.ready(now)),
                &remedy,
            )
        }
    }

    /// What about the chain keeps Dogwatch from switching on misses, if anything does.
    fn hold(&self, now: Time, chain: &Tracker) -> Option<SwitchHold> {
        let (why, remedy) = match self.verdict(now, chain) {
            Verdict::Me | Verdict::Fine => return None,
            Verdict::Chain => (
                "So few slots hold a block that producers take the chain for a minority's and stop by themselves: \
                 Dogwatch does not switch while that lasts.",
                Some(
                    "Find out what is wrong with the chain, and see that the node is ready to produce when it recovers.",
                ),
            ),
            Verdict::CannotTell if self.fork_is_suspected(now) => (
                "The endpoints may be on a minority fork: Dogwatch does not switch while that lasts.",
                Some("First find out which branch is the chain's: the node may be missing nothing there."),
            ),
            Verdict::CannotTell if !chain.knows_schedule() || chain.parameters().are_wrong() => {
                ("Dogwatch does not switch: another alert says what keeps it from judging the witness.", None)
            }
            Verdict::CannotTell if self.trailing_misses().is_empty() => {
                ("Dogwatch switches only on misses that it has seen.", None)
            }
            Verdict::CannotTell => {
                ("Dogwatch switches only once most witnesses have built on the blocks after the misses.", None)
            }
        };
        Some(SwitchHold { why, remedy })
    }

    /// What Dogwatch does about misses, and what is left to the operator.
    fn after_misses(&self, now: Time, count: usize, hold: Option<SwitchHold>) -> (String, Advice) {
        let holder = self.holder();
        let Some(Holder::Node(node)) = &holder else {
            let next = "Dogwatch cannot switch away from a key that it does not have.".to_owned();
            return (next, Advice::new("Look at the node with that key, or set another key with a wallet.", STATUS));
        };
        if let Some(flight) = &self.state.in_flight {
            let next = format!("The switch to {} is under way.", flight.plan.to.place());
            return (next, Advice::new(format!("Wait for it. Then repair node {node}."), STATUS));
        }
        if self.node(node).is_none_or(|known| known.signing == Signing::Missing) {
            let next = format!("Dogwatch cannot switch: it does not have the private key of node {node}.");
            return (next, Advice::new(format!("Repair node {node}, or set another key with a wallet."), STATUS));
        }
        let paused = self.state.paused_until;
        let no_policy = self.undecided;
        let (next, force) = match (self.config.mode, paused) {
            (Mode::Observe, _) => ("Mode is \"observe\": Dogwatch does not switch.".to_owned(), " --force"),
            (Mode::Armed, Some(until)) => {
                (format!("Automatic switches are paused until {}: Dogwatch does not switch.", utc(until)), "")
            }
            (Mode::Armed, None) if no_policy => ("The policy fails: Dogwatch does not switch.".to_owned(), ""),
            (Mode::Armed, None) => {
                let acts = "Dogwatch switches as soon as the policy asks for it and nothing stands in the way.";
                (hold.map_or(acts, |hold| hold.why).to_owned(), "")
            }
        };
        let acts = self.config.mode == Mode::Armed && paused.is_none() && !no_policy && hold.is_none();
        if let Some(remedy) = hold.and_then(|hold| hold.remedy) {
            return (next, Advice::new(remedy, ENDPOINTS));
        }
        let advice = match self.by_hand(now, None) {
            _ if count < 2 => Advice::new(format!("Look at node {node}."), STATUS),
            None => Advice::new(format!("Repair node {node} or a standby."), STATUS),
            Some(command) if acts => {
                let rounds = self.config.profile.round().saturating_mul(2).as_secs();
                let remedy = format!(
                    "Wait for the switch. If none is reported within {rounds} s, switch by hand. Then repair node {node}."
                );
                Advice::new(remedy, command)
            }
            Some(command) => {
                Advice::new(format!("Repair node {node} at once, or switch by hand."), format!("{command}{force}"))
            }
        };
        (next, advice)
    }

    /// How the misses ended.
    pub(in crate::watch) fn missing_over(&self) -> String {
        match self.holder() {
            Some(Holder::Disabled) => "The witness is disabled: no block is expected of it.".to_owned(),
            Some(Holder::Node(node)) => format!("Node {node} has produced a block."),
            _ => "The witness has produced a block.".to_owned(),
        }
    }

    /// The severity of a run of misses: one happens to the best, two in a row do not.
    pub(in crate::watch) const fn miss_severity(misses: usize) -> Severity {
        if misses < 2 { Severity::Warning } else { Severity::Page }
    }
}
