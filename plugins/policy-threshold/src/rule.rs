//! When to switch, and to which node.

use dogwatch_sdk::policy::{Action, Alert, Decision, Health, Holder, Node, Severity, Situation, Verdict};

use crate::config::{Config, WhenExhausted};
use crate::evidence::{failed_lately, missed_in_a_row};

/// How many slots after its start the daemon may need to know every node's health. Waiting that long for a better node
/// costs less than switching to the second best.
const PROBE_SLOTS: u64 = 6;

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
    let missed = missed_in_a_row(situation, holder);
    let tally = tally(situation, holder, &missed);
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
    let successor = successor(config, situation, holder);
    if let Some(awaited) = awaited(config, situation, holder, successor) {
        let reason = format!("{tally}; waiting for the first probes of {}", awaited.name);
        return Decision { ask_again: Some(situation.block_interval), ..Decision::stay(reason, memory) };
    }
    match successor {
        Some((index, node, Past::Clean)) => Decision {
            action: Action::SwitchTo(index),
            ..Decision::stay(format!("{tally}; {} is the next fit node", node.name), memory)
        },
        Some((index, node, Past::Failed)) => Decision {
            action: Action::SwitchTo(index),
            ..Decision::stay(
                format!(
                    "{tally}; {} failed within the last {} rounds too, and no other node is fit",
                    node.name, config.window_rounds
                ),
                memory,
            )
        },
        None => exhausted(config, situation, &tally, memory),
    }
}

/// Whether a node failed within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Past {
    Clean,
    Failed,
}

/// The node to switch to: the first in the operator's order, with those that failed recently last.
fn successor<'a>(config: &Config, situation: &'a Situation, holder: u32) -> Option<(u32, &'a Node, Past)> {
    (0..)
        .zip(&situation.nodes)
        .filter(|(index, node)| node.eligible && *index != holder)
        .map(|(index, node)| {
            let failed = failed_lately(situation, config.window_rounds, index);
            (index, node, if failed { Past::Failed } else { Past::Clean })
        })
        // Of equals, the first wins.
        .min_by_key(|(_, _, past)| *past)
}

/// A node that would be preferred to the successor, and whose health is not known yet.
fn awaited<'a>(
    config: &Config,
    situation: &'a Situation,
    holder: u32,
    successor: Option<(u32, &Node, Past)>,
) -> Option<&'a Node> {
    let patience = situation.block_interval.saturating_mul(PROBE_SLOTS);
    let better = |index: u32| match successor {
        Some((chosen, _, Past::Clean)) => index < chosen,
        Some((_, _, Past::Failed)) | None => true,
    };
    let young = |node: &Node| node.health == Health::Unknown && !node.eligible && node.health_for < patience;
    let mut nodes = (0..).zip(&situation.nodes).filter(|(index, _)| *index != holder && better(*index));
    nodes
        .find(|(index, node)| young(node) && !failed_lately(situation, config.window_rounds, *index))
        .map(|(_, node)| node)
}

fn exhausted(config: &Config, situation: &Situation, tally: &str, memory: &[u8]) -> Decision {
    let others = situation.nodes.len().saturating_sub(1);
    let none = match others {
        0 => "there is no other node".to_owned(),
        1 => "the other node is not fit".to_owned(),
        _ => format!("none of the other {others} nodes is fit"),
    };
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

/// What the node missed: the beginning of every reason.
fn tally(situation: &Situation, holder: u32, missed: &[u64]) -> String {
    let name = usize::try_from(holder).ok().and_then(|index| situation.nodes.get(index)).map(|node| &node.name);
    let name = name.map_or_else(|| format!("node {holder}"), String::clone);
    match missed {
        [] => format!("{name} missed no slot since its last block"),
        [slot] => format!("{name} missed 1 slot ({slot})"),
        [newest, .., oldest] => format!("{name} missed {} slots in a row ({oldest} to {newest})", missed.len()),
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests")]
mod tests;
