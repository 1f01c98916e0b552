//! When to switch.

use dogwatch_sdk::policy::{Decision, Situation};

use crate::config::Config;

pub(crate) fn decide(config: &Config, situation: &Situation, memory: &[u8]) -> Decision {
    let holder = match situation.node_on_duty() {
        Ok(holder) => holder,
        Err(why) => return Decision::stay(why, memory),
    };
    let tally = situation.misses_in_words(holder);
    if let Some(why) = situation.nobody_to_blame() {
        return Decision::stay(format!("{tally}; {why}"), memory);
    }
    if situation.missed_in_a_row(holder).len() < usize::try_from(config.misses).unwrap_or(usize::MAX) {
        return Decision::stay(format!("{tally}; it takes {} in a row to switch", config.misses), memory);
    }
    config.succession.switch(situation, holder, &tally, memory)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests")]
mod tests;
