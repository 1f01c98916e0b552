//! What an alert is about.

use std::fmt;

use dogwatch_chain::AccountName;
use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The daemon itself.
    Daemon,
    /// A chain, as its endpoints show it.
    Chain(String),
    /// An endpoint of a chain: the chain's name and the endpoint's name without tokens.
    Endpoint(String, String),
    /// A witness.
    Witness(AccountName),
    /// A witness's node.
    Node(AccountName, String),
    /// A node that several witnesses of a chain share: the chain's name and the node's.
    SharedNode(String, String),
    /// A plugin.
    Plugin(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daemon => f.write_str("daemon"),
            Self::Chain(name) => write!(f, "chain {name}"),
            Self::Endpoint(chain, name) => write!(f, "endpoint {name} of chain {chain}"),
            Self::Witness(name) => write!(f, "witness {name}"),
            Self::Node(witness, node) => write!(f, "node {node} of witness {witness}"),
            Self::SharedNode(chain, node) => write!(f, "node {node} on chain {chain}"),
            Self::Plugin(name) => write!(f, "plugin {name}"),
        }
    }
}

/// The kinds of subjects, as routes choose among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// The daemon itself.
    Daemon,
    /// A chain.
    Chain,
    /// An endpoint of a chain.
    Endpoint,
    /// A witness.
    Witness,
    /// A witness's node.
    Node,
    /// A plugin.
    Plugin,
}

impl SubjectKind {
    /// All kinds, with the names that operators write in routes.
    pub const ALL: [(&'static str, Self); 6] = [
        ("daemon", Self::Daemon),
        ("chain", Self::Chain),
        ("endpoint", Self::Endpoint),
        ("witness", Self::Witness),
        ("node", Self::Node),
        ("plugin", Self::Plugin),
    ];

    /// The kind of this subject.
    pub(crate) fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Daemon => Self::Daemon,
            Subject::Chain(_) => Self::Chain,
            Subject::Endpoint(..) => Self::Endpoint,
            Subject::Witness(_) => Self::Witness,
            Subject::Node(..) | Subject::SharedNode(..) => Self::Node,
            Subject::Plugin(_) => Self::Plugin,
        }
    }
}
