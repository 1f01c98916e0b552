//! The example policy (`examples/policy`) for Extism: the situation as JSON, the decision as JSON.

use extism_pdk::{FnResult, plugin_fn};
use serde::{Deserialize, Serialize};

/// Missed blocks in a row that make it switch.
const MISSES: usize = 3;

/// What the rule looks at. The rest of the situation is skipped, to Extism's favour.
#[derive(Deserialize)]
struct Situation {
    witness: String,
    verdict: String,
    holder: Holder,
    slots: Vec<OwnSlot>,
    nodes: Vec<Node>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Holder {
    Node(usize),
    Disabled,
    Foreign,
}

#[derive(Deserialize)]
struct OwnSlot {
    outcome: String,
    holder: Holder,
}

#[derive(Deserialize)]
struct Node {
    name: String,
    eligible: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Action {
    Stay,
    SwitchTo(usize),
}

#[derive(Serialize)]
struct Alert {
    id: &'static str,
    severity: &'static str,
    summary: String,
}

#[derive(Serialize)]
struct Decision {
    action: Action,
    reason: String,
    alerts: Vec<Alert>,
    ask_again: Option<u64>,
    memory: Vec<u8>,
}

impl Decision {
    fn stay(reason: String) -> Self {
        Self { action: Action::Stay, reason, alerts: Vec::new(), ask_again: None, memory: Vec::new() }
    }
}

/// Decides.
#[plugin_fn]
pub fn decide(situation: Vec<u8>) -> FnResult<Vec<u8>> {
    Ok(serde_json::to_vec(&decision(&serde_json::from_slice(&situation)?))?)
}

fn decision(situation: &Situation) -> Decision {
    let Holder::Node(holder) = situation.holder else {
        return Decision::stay("no node of ours holds the key".to_owned());
    };
    let missed = |slot: &&OwnSlot| slot.outcome == "missed" && slot.holder == situation.holder;
    let missed = situation.slots.iter().rev().take_while(missed).count();
    if situation.verdict != "me" || missed < MISSES {
        return Decision::stay(format!("{missed} of {MISSES} misses"));
    }
    let fit = situation.nodes.iter().enumerate().find(|(index, node)| node.eligible && *index != holder);
    let Some((index, node)) = fit else {
        let summary = format!("no node can take over from {}", situation.witness);
        let alert = Alert { id: "no-standby", severity: "page", summary: summary.clone() };
        return Decision { alerts: vec![alert], ..Decision::stay(summary) };
    };
    let reason = format!("{missed} misses in a row; {} is fit", node.name);
    Decision { action: Action::SwitchTo(index), ..Decision::stay(reason) }
}
