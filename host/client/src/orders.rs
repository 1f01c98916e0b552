//! An operator's orders for one witness: a switch, a pause, the end of a pause.

use dogwatch_chain::AccountName;
use serde::{Deserialize, Serialize};

/// A request for a switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchRequest {
    /// The witness.
    pub witness: AccountName,
    /// Its chain, needed when the witness is watched on several.
    pub chain: Option<String>,
    /// The node to switch to; `None` disables the witness.
    pub to: Option<String>,
    /// What holds for it.
    pub kind: SwitchKind,
}

/// What holds for a switch that an operator orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchKind {
    /// All rails.
    Plain,
    /// The hard rails alone.
    Forced,
    /// All rails, and the daemon moves the key back if the new node misses its first block while the old one is fit.
    Planned,
}

/// The answer to a request for a switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchReply {
    /// The transaction with this id is on its way.
    Started(String),
    /// Rails refuse it, for these reasons.
    Refused(Vec<String>),
    /// Rails refuse it now, for these reasons, each of which passes by itself.
    #[serde(rename = "not-now")]
    NotNow(Vec<String>),
}

/// A request for a pause, or for its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseRequest {
    /// The witness.
    pub witness: AccountName,
    /// Its chain, needed when the witness is watched on several.
    pub chain: Option<String>,
    /// For how long, in milliseconds; `None` ends the pause.
    pub millis: Option<u64>,
}
