//! The state of an endpoint of the pool.

use dogwatch_chain::ChainId;
use tokio::time::Instant;

use crate::error::RpcError;
use crate::health::{Access, HealthRecord, RequestBudget};
use crate::pool::batches::Batches;

/// What changes about a member over time.
#[derive(Debug)]
pub(crate) struct MemberState {
    pub(crate) health: HealthRecord,
    pub(crate) chain: ChainCheck,
    pub(crate) batches: Batches,
    pub(crate) budget: RequestBudget,
    /// Whether others contradicted it in the last comparison.
    pub(crate) doubted: bool,
    /// Whether it answers batches of the gateway's clients, which may be longer than the pool's own.
    pub(crate) client_batches: Batches,
}

/// Whether an endpoint is on the right chain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum ChainCheck {
    #[default]
    Never,
    Right {
        again: Instant,
    },
    Wrong {
        found: ChainId,
        again: Instant,
    },
}

/// Whether an endpoint may be polled now.
#[derive(Clone, Debug)]
pub(crate) enum Gate {
    Open,
    /// It failed recently, or is throttled.
    Resting(Access, RpcError),
    /// It is on another chain.
    Barred(RpcError),
}
