//! What an operator orders for one witness: a switch, a pause, the end of one.

use dogwatch_chain::AccountName;
use serde::{Deserialize, Serialize};

/// A wish for a switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchRequest {
    /// The witness.
    pub witness: AccountName,
    /// Its chain, where the name alone does not tell.
    pub chain: Option<String>,
    /// The node to switch to; `None` disables the witness.
    pub to: Option<String>,
    /// Whether to pass the soft rails.
    pub force: bool,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchReply {
    /// The transaction is on its way.
    Started(String),
    /// These rails are in the way.
    Refused(Vec<String>),
}

/// A wish for a pause, or for its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseRequest {
    /// The witness.
    pub witness: AccountName,
    /// Its chain, where the name alone does not tell.
    pub chain: Option<String>,
    /// For how long; `None` ends the pause.
    pub millis: Option<u64>,
}
