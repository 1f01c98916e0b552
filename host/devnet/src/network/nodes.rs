//! The current state of a devnet's nodes.

use std::sync::Arc;

use dogwatch_chain::SecretKey;

use crate::fault::{ProducerStatus, RpcFault};
use crate::ledger::Ledger;
use crate::mempool::Mempool;
use crate::seed::derive_key;
use crate::state::ChainState;

/// The chain that an RPC node follows.
#[derive(Debug)]
pub(crate) enum FollowedChain {
    /// The main chain.
    Live,
    /// The main chain up to a block, and nothing after it.
    Frozen,
    /// The branch of the witnesses that are cut off.
    Minority,
    /// A fork of its own.
    Fork(Box<Ledger>),
}

impl FollowedChain {
    /// The chain, of the two that all nodes share or its own.
    pub(super) fn ledger<'a>(&'a self, main: &'a Ledger, minority: Option<&'a Ledger>) -> &'a Ledger {
        match self {
            Self::Live | Self::Frozen => main,
            Self::Minority => minority.unwrap_or(main),
            Self::Fork(fork) => fork,
        }
    }
}

/// A public RPC node.
#[derive(Debug)]
pub(crate) struct RpcNode {
    pub(crate) fault: RpcFault,
    pub(crate) chain: FollowedChain,
    pub(crate) mempool: Mempool,
}

/// The condition of a block-producing node.
#[derive(Debug)]
pub(crate) struct ProducerCondition {
    pub(crate) status: ProducerStatus,
    /// The state it answers from while its head is stuck.
    pub(crate) frozen: Option<Arc<ChainState>>,
    /// The version that it reports, if not the one of its lineage.
    pub(crate) version: Option<String>,
}

/// The key that watched witnesses have on the fork of a lying node.
pub(super) fn fork_key() -> SecretKey {
    derive_key("devnet/liar")
}
