//! What a policy answers.

use std::time::Duration;

use dogwatch_alerts::Severity;
use serde::{Deserialize, Serialize};

use crate::situation::NodeIndex;

/// What a policy wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing.
    Stay,
    /// Move the signing key to that node.
    SwitchTo(NodeIndex),
    /// Set the null key.
    Disable,
}

/// An alert of the policy's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAlert {
    /// The same id is the same alert.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it says.
    pub summary: String,
}

/// A policy's answer. A proposal: the rails decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why, in one sentence.
    pub reason: String,
    /// Alerts that are open as long as decisions carry them.
    pub alerts: Vec<PolicyAlert>,
    /// When to be asked again at the latest.
    pub ask_again: Option<Duration>,
    /// What the policy wants to remember.
    pub memory: Vec<u8>,
}

impl Decision {
    /// Stay, for a reason; the memory is carried over by the caller.
    pub fn stay(reason: impl Into<String>, memory: Vec<u8>) -> Self {
        Self { action: Action::Stay, reason: reason.into(), alerts: Vec::new(), ask_again: None, memory }
    }
}
