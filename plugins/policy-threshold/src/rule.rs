//! When to switch, and to which node.

use dogwatch_sdk::policy::{Action, Alert, Decision, Holder, Node, Past, Severity, Situation, Standby, Verdict};

use crate::config::{Config, WhenExhausted};

/// The alert that stays open while the present node fails and nothing can take over.
const NO_STANDBY: &str = "no-standby";

pub(crate) fn decide(config: &Config, situation: &Situation, memory: &[u8]) -> Decision {
    if situation.switching {
        return Decision::stay("a switch is under way", memory);
    }
    let holder = match situation.holder {
        Holder::Node(holder) => holder,
        Holder::Disabled => return Decision::stay("the witness is disabled", memory),
        Holder::Foreign => {
            return Decision::stay("the key on chain is not in the configuration: an operator is at work", memory);
        }
    };
    let missed = situation.missed_in_a_row(holder);
    let tally = situation.misses_in_words(holder);
    let spared = match situation.verdict {
        Verdict::Me => None,
        Verdict::Fine => Some("nothing is wrong"),
        Verdict::Chain => Some("the chain itself is in trouble, which no switch cures"),
        Verdict::CannotTell => Some("the view of the chain is too poor to blame the node"),
    };
    if let Some(spared) = spared {
        return Decision::stay(format!("{tally}; {spared}"), memory);
    }
    if missed.len() < usize::try_from(config.misses).unwrap_or(usize::MAX) {
        return Decision::stay(format!("{tally}; it takes {} in a row to switch", config.misses), memory);
    }
    if let Some(awaited) = situation.awaited_standby(holder, config.window_rounds) {
        let reason = format!("{tally}; waiting for the first probes of {}", awaited.name);
        return Decision { ask_again: Some(situation.block_interval), ..Decision::stay(reason, memory) };
    }
    let Some(Standby { index, node: Node { name, .. }, past }) = situation.standby(holder, config.window_rounds) else {
        return exhausted(config, situation, &tally, memory);
    };
    let reason = match past {
        Past::Clean => format!("{tally}; {name} is the next fit node"),
        Past::Failed => {
            let rounds = config.window_rounds;
            format!("{tally}; {name} failed within the last {rounds} rounds too, and no other node is fit")
        }
    };
    Decision { action: Action::SwitchTo(index), ..Decision::stay(reason, memory) }
}

fn exhausted(config: &Config, situation: &Situation, tally: &str, memory: &[u8]) -> Decision {
    let none = situation.no_standby_in_words();
    let (action, consequence) = match config.when_exhausted {
        WhenExhausted::Page => (Action::Stay, "the key stays where it is"),
        WhenExhausted::Disable => (Action::Disable, "disabling the witness, as disable-when-exhausted asks"),
    };
    let reason = format!("{tally}; {none}; {consequence}");
    let alert = Alert {
        id: NO_STANDBY.to_owned(),
        severity: Severity::Page,
        summary: format!("no healthy standby for {}: {tally}; {none}", situation.witness),
    };
    Decision { action, alerts: vec![alert], ..Decision::stay(reason, memory) }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests")]
mod tests;
