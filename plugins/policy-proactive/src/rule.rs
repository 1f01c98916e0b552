//! When to switch, and to which node.

use dogwatch_sdk::policy::{
    Action, Alert, Decision, Grade, Health, Holder, Node, Past, Severity, Situation, Standby, Verdict,
};

use crate::config::{Config, WhenExhausted};

/// The alert that stays open while the present node fails and nothing can take over.
const NO_STANDBY: &str = "no-standby";

/// What speaks against the node on duty, beside the slots that it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    /// Its process has ended.
    Proof,
    /// Its probes are bad: it may be dead, or only out of sight.
    Suspicion,
    /// Nothing.
    Nothing,
}

impl Against {
    fn of(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::Nothing };
        if node.evidence.iter().any(|evidence| evidence.grade == Grade::Gone) {
            Self::Proof
        } else if node.health == Health::Unhealthy {
            Self::Suspicion
        } else {
            Self::Nothing
        }
    }

    fn misses_needed(self, config: &Config) -> u32 {
        match self {
            Self::Proof => 0,
            Self::Suspicion => config.misses_when_unfit.min(config.misses),
            Self::Nothing => config.misses,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Proof => "and its process has ended",
            Self::Suspicion => "and its probes are bad",
            Self::Nothing => "and its probes are good",
        }
    }
}

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
    let against = Against::of(situation.node(holder));
    let case = format!("{}, {}", situation.misses_in_words(holder), against.in_words());
    let held = match situation.verdict {
        Verdict::Me => None,
        Verdict::Fine => Some("no slot is lost yet"),
        Verdict::Chain => Some("the chain itself is in trouble, which no switch cures"),
        Verdict::CannotTell => Some("the view of the chain is too poor to blame the node"),
    };
    if let Some(held) = held {
        return Decision::stay(format!("{case}; {held}"), memory);
    }
    let needed = against.misses_needed(config);
    if situation.missed_in_a_row(holder).len() < usize::try_from(needed).unwrap_or(usize::MAX) {
        return Decision::stay(format!("{case}; it takes {needed} in a row to switch"), memory);
    }
    if let Some(awaited) = situation.awaited_standby(holder, config.window_rounds) {
        let reason = format!("{case}; waiting for the first probes of {}", awaited.name);
        return Decision { ask_again: Some(situation.block_interval), ..Decision::stay(reason, memory) };
    }
    let Some(Standby { index, node: Node { name, .. }, past }) = situation.standby(holder, config.window_rounds) else {
        return exhausted(config, situation, &case, memory);
    };
    let reason = match past {
        Past::Clean => format!("{case}; {name} is the next fit node"),
        Past::Failed => {
            let rounds = config.window_rounds;
            format!("{case}; {name} failed within the last {rounds} rounds too, and no other node is fit")
        }
    };
    Decision { action: Action::SwitchTo(index), ..Decision::stay(reason, memory) }
}

/// Nothing can take over.
fn exhausted(config: &Config, situation: &Situation, case: &str, memory: &[u8]) -> Decision {
    let none = situation.no_standby_in_words();
    let (action, consequence) = match config.when_exhausted {
        WhenExhausted::Page => (Action::Stay, "the key stays where it is"),
        WhenExhausted::Disable => (Action::Disable, "disabling the witness, as disable-when-exhausted asks"),
    };
    let alert = Alert {
        id: NO_STANDBY.to_owned(),
        severity: Severity::Page,
        summary: format!("no healthy standby for {}: {case}; {none}", situation.witness),
    };
    Decision { action, alerts: vec![alert], ..Decision::stay(format!("{case}; {none}; {consequence}"), memory) }
}

#[cfg(test)]
mod tests;
