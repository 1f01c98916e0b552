//! A policy to start from: after a number of missed blocks it moves the key to the first fit node that is not spared.

use dogwatch_sdk::policy::{Action, Alert, Decision, Holder, Outcome, OwnSlot, Severity, Situation, Verdict};
use dogwatch_sdk::{Policy, Reader};

/// The policy.
#[derive(Debug)]
pub struct Patient;

/// Its settings.
#[derive(Debug)]
pub struct Config {
    misses: u8,
    spared: Vec<String>,
}

impl Policy for Patient {
    const NAME: &'static str = "patient";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Switches after a number of missed blocks, never to a spared node.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        Config {
            misses: read.integer("misses", "Missed blocks in a row that make it switch.").range(1..=100).or(3),
            spared: read.texts("spared", "Nodes it never switches to.").or(Vec::new()),
        }
    }

    fn decide(config: &Config, situation: &Situation, memory: &[u8]) -> Result<Decision, String> {
        let Holder::Node(holder) = situation.holder else {
            return Ok(Decision::stay("no node of ours holds the key", memory));
        };
        let missed = |slot: &&OwnSlot| slot.outcome == Outcome::Missed && slot.holder == situation.holder;
        let missed = situation.slots.iter().rev().take_while(missed).count();
        if situation.verdict != Verdict::Me || missed < usize::from(config.misses) {
            return Ok(Decision::stay(format!("{missed} of {} misses", config.misses), memory));
        }
        let fit = (0..)
            .zip(&situation.nodes)
            .find(|(index, node)| node.eligible && *index != holder && !config.spared.contains(&node.name));
        let Some((index, node)) = fit else {
            let summary = format!("no node can take over from {}", situation.witness);
            let alert = Alert { id: "no-standby".to_owned(), severity: Severity::Page, summary: summary.clone() };
            return Ok(Decision { alerts: vec![alert], ..Decision::stay(summary, memory) });
        };
        let reason = format!("{missed} misses in a row; {} is fit", node.name);
        Ok(Decision { action: Action::SwitchTo(index), ..Decision::stay(reason, memory) })
    }
}

dogwatch_sdk::export_policy!(Patient);

#[cfg(test)]
mod tests {
    use dogwatch_sdk::testing::{decide, own_slot, problems, situation};
    use dogwatch_sdk::{Value, policy::*};

    use super::Patient;

    fn after_misses(count: u64) -> Situation {
        let mut night = situation(["primary", "standby"]);
        night.verdict = Verdict::Me;
        night.slots = (0..count).map(|n| own_slot(9_900 + n * 21, Outcome::Missed, Holder::Node(0))).collect();
        night
    }

    #[test]
    fn it_waits_for_its_number_of_misses() {
        assert_eq!(decide::<Patient>(&[], &after_misses(2)).unwrap().action, Action::Stay);
        assert_eq!(decide::<Patient>(&[], &after_misses(3)).unwrap().action, Action::SwitchTo(1));
    }

    #[test]
    fn a_spared_node_is_left_alone() {
        let settings = [("spared", Value::Texts(vec!["standby".to_owned()]))];
        let decision = decide::<Patient>(&settings, &after_misses(3)).unwrap();
        assert_eq!((decision.action, decision.alerts.len()), (Action::Stay, 1));
    }

    #[test]
    fn zero_misses_is_refused() {
        assert_eq!(problems::<Patient>(&[("misses", Value::Integer(0))]).len(), 1);
    }
}
