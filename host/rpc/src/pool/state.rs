//! What changes about an endpoint of the pool.

use dogwatch_chain::ChainId;
use tokio::time::Instant;

use crate::error::RpcError;
use crate::health::{Access, HealthRecord, RequestBudget};

/// What changes about a member.
#[derive(Debug)]
pub(crate) struct MemberState {
    pub(crate) health: HealthRecord,
    pub(crate) chain: ChainCheck,
    pub(crate) batches: Batches,
    pub(crate) budget: RequestBudget,
    /// Whether the last comparison spoke against what it says.
    pub(crate) doubted: bool,
    /// Whether it answers what clients send in batches, which may be longer than what the pool sends.
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

/// Whether an endpoint answers batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Batches {
    #[default]
    Taken,
    Refused,
}

/// Whether an endpoint is to be asked now.
#[derive(Clone, Debug)]
pub(crate) enum Gate {
    Open,
    /// It failed just now, or wants to be left alone.
    Resting(Access, RpcError),
    /// It is on another chain.
    Barred(RpcError),
}
