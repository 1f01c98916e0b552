//! When to switch.

use dogwatch_sdk::policy::{Action, Decision, Grade, Health, Node, Situation};

use crate::config::Config;

/// What speaks against the node on duty, beside the slots that it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    /// Its process has ended.
    Ended,
    /// Its process stands still.
    Stalled,
    /// Its own head is old: it misses its slots until it has caught up.
    Behind,
    /// Its probes are bad: it may be dead, or only out of sight.
    Suspicion,
    /// Nothing.
    Nothing,
}

impl Against {
    fn of(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::Nothing };
        let shows = |grade| node.evidence.iter().any(|evidence| evidence.grade == grade);
        if shows(Grade::Gone) {
            Self::Ended
        } else if shows(Grade::Stalled) {
            Self::Stalled
        } else if node.health != Health::Unhealthy {
            Self::Nothing
        } else if shows(Grade::Behind) {
            Self::Behind
        } else {
            Self::Suspicion
        }
    }

    /// Whether the node cannot come back by its next slot, as far as anybody can know.
    fn is_proof(self) -> bool {
        matches!(self, Self::Ended | Self::Stalled)
    }

    fn misses_needed(self, config: &Config) -> u32 {
        match self {
            Self::Ended | Self::Stalled | Self::Behind => 0,
            Self::Suspicion => config.misses_when_unfit.min(config.misses),
            Self::Nothing => config.misses,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Ended => "and its process has ended",
            Self::Stalled => "and its process stands still",
            Self::Behind => "and its own head is old",
            Self::Suspicion => "and its probes are bad",
            Self::Nothing => "and its probes are good",
        }
    }
}

pub(crate) fn decide(config: &Config, situation: &Situation, memory: &[u8]) -> Decision {
    let holder = match situation.node_on_duty() {
        Ok(holder) => holder,
        Err(why) => return Decision::stay(why, memory),
    };
    let against = Against::of(situation.node(holder));
    let case = format!("{}, {}", situation.misses_in_words(holder), against.in_words());
    if let Some(why) = situation.nobody_to_blame() {
        return Decision::stay(format!("{case}; {why}"), memory);
    }
    let needed = against.misses_needed(config);
    if situation.missed_in_a_row(holder).len() < usize::try_from(needed).unwrap_or(usize::MAX) {
        return Decision::stay(format!("{case}; it takes {needed} in a row to switch"), memory);
    }
    let decision = config.succession.switch(situation, holder, &case, memory);
    match free_time(config, situation) {
        Some(millis) if matches!(decision.action, Action::SwitchTo(_)) && !against.is_proof() => {
            let seconds = millis.div_ceil(1000);
            let reason = format!("{case}; its next slot is far off: it has {seconds} s to come back");
            Decision { ask_again: Some(millis), ..Decision::stay(reason, memory) }
        }
        _ => decision,
    }
}

/// For how many milliseconds waiting costs nothing: the next own slot is still far off.
fn free_time(config: &Config, situation: &Situation) -> Option<u64> {
    // A slot that nobody knows yet may be a near one.
    let next = situation.next_slots.first()?.starts_in;
    let ahead = situation.block_interval.saturating_mul(u64::from(config.slots_ahead));
    next.checked_sub(ahead).filter(|millis| *millis > 0)
}

#[cfg(test)]
mod tests;
