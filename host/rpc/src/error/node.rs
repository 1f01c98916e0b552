//! A node's JSON-RPC errors, and what they mean.

use std::fmt;

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::text;

/// The error member of a JSON-RPC answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeError {
    /// `code`; 0 when missing.
    pub code: i64,
    /// `message`, on one line and truncated.
    pub message: String,
    /// `data.name`, where the node gives one.
    pub name: Option<String>,
    /// What it means.
    pub refusal: NodeRefusal,
}

/// What a node's error means for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeRefusal {
    /// The node already has this transaction.
    Duplicate,
    /// `props["key"]` is not, or no longer, the witness's signing key: the compare-and-swap was refused.
    KeyMismatch,
    /// A signature is missing or wrong, or the transaction's bytes are not those that were signed.
    MissingAuthority,
    /// It has expired, or expires too far in the future.
    Expired,
    /// The node does not know the reference block: it is on a fork, or behind.
    Tapos,
    /// Something else.
    Other,
}

/// Codes for a method that this node does not offer: unknown, its plugin not loaded, or not passed on.
const NOT_OFFERED: [i64; 2] = [-32601, -32002];
/// Codes of gateways that lost the node's answer: request timeout, bad upstream, internal error.
const GATEWAY_TROUBLE: [i64; 3] = [1000, 1100, -32603];

impl NodeError {
    /// Whether the error is about this node rather than about the question, so that another node may answer it.
    pub fn is_of_this_node(&self) -> bool {
        NOT_OFFERED.contains(&self.code) || self.is_gateway_trouble()
    }

    /// Whether a gateway lost the node's answer, so that the request may have arrived.
    pub(crate) fn is_gateway_trouble(&self) -> bool {
        GATEWAY_TROUBLE.contains(&self.code)
    }

    /// Reads an error member. Nothing in it is required: nodes and proxies differ too much.
    pub(crate) fn read(error: &Value, endpoint: &Endpoint) -> Self {
        let code = error.get("code").and_then(Value::as_i64).unwrap_or(0);
        let message = error.get("message").and_then(Value::as_str).or(error.as_str()).unwrap_or("no message");
        let name = error.pointer("/data/name").and_then(Value::as_str);
        Self {
            code,
            message: text::one_line(&endpoint.scrub(message)),
            name: name.map(|name| text::one_line(&endpoint.scrub(name))),
            refusal: classify(name.unwrap_or(""), message),
        }
    }
}

/// Classifies by `data.name` if it says enough, else by the message, where older nodes put the exception's name.
fn classify(name: &str, message: &str) -> NodeRefusal {
    let named = |part: &str| name.contains(part) || message.contains(part);
    // Assertions share one name, so their text decides. It is checked first, because a message may quote other errors.
    if message.contains("Duplicate transaction check failed") {
        NodeRefusal::Duplicate
    } else if message.contains("'key' does not match witness signing key") {
        NodeRefusal::KeyMismatch
    } else if name.starts_with("tx_missing_")
        || ["tx_missing_active_auth", "tx_missing_owner_auth", "tx_missing_posting_auth", "tx_missing_other_auth"]
            .iter()
            .any(|part| message.contains(part))
        || ["missing required", "Missing Active Authority", "Missing Authority", "Missing Owner Authority"]
            .iter()
            .any(|part| message.contains(part))
    {
        NodeRefusal::MissingAuthority
    } else if named("transaction_expiration_exception") || message.contains("transaction expiration exception") {
        NodeRefusal::Expired
    } else if named("transaction_tapos_exception") || message.contains("transaction tapos exception") {
        NodeRefusal::Tapos
    } else {
        NodeRefusal::Other
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the node refused ({}): {}", self.code, self.message)
    }
}
