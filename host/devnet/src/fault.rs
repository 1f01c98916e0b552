//! What can be wrong with a node.

use serde::{Deserialize, Serialize};

/// The index of a public RPC node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RpcIndex(pub usize);

/// The condition of a block-producing node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProducerStatus {
    /// It produces if its key is the one on chain.
    Running,
    /// It closes every connection at once.
    Crashed,
    /// It accepts connections and never answers.
    Hung,
    /// Its head is stuck some blocks back, and it falls further behind.
    Behind,
    /// It is cut off from the network, and answers with its last head.
    Partitioned,
}

/// The fault of a public RPC node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RpcFault {
    /// No fault.
    Ok,
    /// It closes every connection at once. Its mempool is lost.
    Down,
    /// It accepts connections and never answers.
    Hang,
    /// Its head is stuck some blocks back, and it broadcasts nothing.
    Stale {
        /// How many blocks back; 255 at most.
        blocks: u32,
    },
    /// It follows a fork of its own: the same heights, other ids, another signing key for the watched witnesses.
    Fork,
    /// It is cut off with every third filler witness: it follows the branch that they make, with all others' slots missed and
    /// nothing irreversible. The others go on without them, until no RPC node has this fault.
    Minority,
    /// It refuses `get_block`, as a gateway does whose backend for blocks is dead. Headers come.
    NoBlocks,
    /// Its proxy answers with status 500.
    Http500,
    /// Its proxy answers with status 429.
    Http429,
    /// Its proxy answers with status 200 and a web page.
    Html,
}

impl RpcFault {
    /// Whether the node itself still exchanges transactions and blocks with most others.
    pub(crate) fn on_network(self) -> bool {
        !matches!(self, Self::Down | Self::Stale { .. } | Self::Fork | Self::Minority)
    }
}
