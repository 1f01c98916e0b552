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
    /// A fork of its own.
    Fork(Box<Ledger>),
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
}

/// The key that watched witnesses have on the fork of a lying node.
pub(super) fn fork_key() -> SecretKey {
    derive_key("devnet/liar")
}
