//! What a beat says.

use std::time::Duration;

use dogwatch_chain::{ChainId, Head};
use serde::{Deserialize, Serialize};

/// When a beat was sent, by its machine's clock: microseconds since 1970. Beats of a key are in order by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SentAt(pub u64);

impl SentAt {
    /// How far it is from another moment, to either side.
    pub fn distance(self, other: Self) -> Duration {
        Duration::from_micros(self.0.abs_diff(other.0))
    }
}

/// The state of the node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// It runs.
    Running,
    /// It exists and does nothing: it is stopped; or it has used no processor time for two seconds, and never rested so long
    /// before. It produces nothing until it goes on.
    Stalled,
    /// There is no such process.
    Ended,
}

/// What a beat says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it was sent.
    pub sent: SentAt,
    /// The node's process; none if the machine has never found one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessState>,
    /// How long the process has been watched, in milliseconds: one that was started since is another one.
    #[serde(default)]
    pub watched_ms: u64,
    /// What the node answers on its own machine, if it is asked there.
    #[serde(default, skip_serializing_if = "LocalNode::is_not_asked")]
    pub node: LocalNode,
    /// The free space where the node keeps its data, in bytes, if it is less than its operator wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_low: Option<u64>,
}

/// What a node answers on its own machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalNode {
    /// It is not asked.
    #[default]
    NotAsked,
    /// The same as the beat before has said.
    AsBefore,
    /// It does not answer, for this reason.
    Fails(String),
    /// It answers.
    Shows {
        /// Its head.
        head: Head,
        /// The chain it says it is on, if it says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chain_id: Option<ChainId>,
        /// Its software's version.
        version: String,
    },
}

impl LocalNode {
    fn is_not_asked(&self) -> bool {
        *self == Self::NotAsked
    }
}
