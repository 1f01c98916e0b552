//! What can be wrong with a node.

use serde::{Deserialize, Serialize};

/// Which public RPC node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RpcIndex(pub usize);

/// What a block-producing node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeStatus {
    /// Produces when the chain has its key.
    Running,
    /// Closes every connection at once.
    Crashed,
    /// Takes connections and never answers.
    Hung,
    /// Answers with a head from some blocks ago, and falls further behind.
    Behind,
    /// Cut off from the network: answers with the head it had.
    Partitioned,
}

/// What is wrong with a public RPC node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RpcFault {
    /// Nothing.
    Ok,
    /// Closes every connection at once. Its pool is lost.
    Down,
    /// Takes connections and never answers.
    Hang,
    /// Stands still at a head of so many blocks ago (255 at most), and answers as if that were all. What it is given to broadcast
    /// goes nowhere.
    Stale {
        /// How far back.
        blocks: u32,
    },
    /// Follows a fork of its own: the same heights, other ids, another signing key for the watched witnesses.
    Fork,
    /// Its proxy answers with status 500.
    Http500,
    /// Its proxy answers with status 429.
    Http429,
    /// Its proxy answers 200 with a web page.
    Html,
}

impl RpcFault {
    /// Whether the node itself still exchanges transactions and blocks with the others.
    pub(crate) fn on_network(self) -> bool {
        !matches!(self, Self::Down | Self::Stale { .. } | Self::Fork)
    }
}
