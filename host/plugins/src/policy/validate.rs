//! Whether a policy's decision is valid.

use dogwatch_engine::{Action, Decision, NodeIndex, Situation};

use crate::error::call::Fault;
use crate::limits::{ALERTS, NAME, SENTENCE};
use crate::text::sanitize;

/// The memory; a fault where it is larger than the limit.
pub(super) fn memory(memory: Vec<u8>, limit: usize) -> Result<Vec<u8>, Fault> {
    match memory.len() {
        size if size > limit => Err(Fault::AnswerTooLarge(format!("a memory of {size} bytes; the limit is {limit}"))),
        _ => Ok(memory),
    }
}

/// The decision, with its texts shortened; a fault where it is invalid or keeps more than `memory_limit` bytes.
pub(super) fn decision(mut decision: Decision, situation: &Situation, memory_limit: usize) -> Result<Decision, Fault> {
    let nodes = situation.nodes.len();
    if let Action::SwitchTo(NodeIndex(index)) = decision.action
        && index >= nodes
    {
        return Err(Fault::BadAnswer(format!("it switches to node {index}, but there are {nodes} nodes, from 0 on")));
    }
    decision.memory = memory(decision.memory, memory_limit)?;
    let alerts = decision.alerts.len();
    if alerts > ALERTS {
        return Err(Fault::AnswerTooLarge(format!("{alerts} alerts; the limit is {ALERTS}")));
    }
    decision.reason = sanitize(&decision.reason, SENTENCE);
    for alert in &mut decision.alerts {
        if alert.id.is_empty() {
            return Err(Fault::BadAnswer("an alert has no id".to_owned()));
        }
        alert.id = sanitize(&alert.id, NAME);
        alert.summary = sanitize(&alert.summary, SENTENCE);
    }
    Ok(decision)
}
