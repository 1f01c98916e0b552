//! Who holds a signing key, or is to hold it.

use serde::{Deserialize, Serialize};

/// Whose a signing key is: where it comes from in a switch, and where it goes. Nodes are known by their names, for
/// their order may change between two starts; policies know them by their place in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder<Node = String> {
    /// A node of the configuration.
    Node(Node),
    /// Nobody: the null key, with which the witness is disabled.
    Disabled,
    /// Somebody with a key that is not in the configuration: an operator is at work. Nothing is ever switched to it.
    Foreign,
}

impl Holder {
    /// The holder in a phrase such as `from node one to node two`.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Node(name) => format!("node {name}"),
            Self::Disabled => "the null key".to_owned(),
            Self::Foreign => "an unknown key".to_owned(),
        }
    }

    /// The key in a phrase such as `the signing key is that of node one`.
    pub(crate) fn whose(&self) -> String {
        match self {
            Self::Node(name) => format!("that of node {name}"),
            Self::Disabled => "the null key".to_owned(),
            Self::Foreign => "an unknown one".to_owned(),
        }
    }

    /// What the policy or the operator wants, if this is the target.
    pub(crate) fn wish(&self) -> String {
        match self {
            Self::Node(_) | Self::Foreign => format!("switch to {self}"),
            Self::Disabled => "disable the witness".to_owned(),
        }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Node(name) => f.write_str(name),
            Self::Disabled => f.write_str("disabled"),
            Self::Foreign => f.write_str("an unknown key"),
        }
    }
}
