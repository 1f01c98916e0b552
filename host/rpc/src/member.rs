//! An endpoint of the pool and what is known about it.

use std::cmp::Reverse;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dogwatch_chain::ChainId;
use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::client::Client;
use crate::endpoint::{Endpoint, EndpointName};
use crate::envelope::{Answer, Batch, Call};
use crate::error::RpcError;
use crate::health::Health;

/// Requests on the way at once to an endpoint that takes no batches.
const SINGLE_CALLS_AT_ONCE: usize = 8;

/// An endpoint's place in the configuration, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointIndex(pub usize);

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) index: EndpointIndex,
    pub(crate) endpoint: Endpoint,
    pub(crate) name: EndpointName,
    state: Mutex<State>,
}

/// What changes about a member.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) health: Health,
    pub(crate) chain: ChainCheck,
    pub(crate) batches: Batches,
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
    /// It failed just now.
    Resting(RpcError),
    /// It is on another chain.
    Barred(RpcError),
}

impl Member {
    pub(crate) fn new(index: EndpointIndex, endpoint: Endpoint, name: EndpointName) -> Self {
        Self { index, endpoint, name, state: Mutex::default() }
    }

    /// The state, never to be held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn gate(&self, now: Instant, expected: ChainId) -> Gate {
        let state = self.state();
        match state.chain {
            ChainCheck::Wrong { found, again } if now < again => Gate::Barred(RpcError::WrongChain { expected, found }),
            ChainCheck::Wrong { .. } => Gate::Open,
            ChainCheck::Never | ChainCheck::Right { .. } => match state.health.resting(now) {
                Some(error) => Gate::Resting(error.clone()),
                None => Gate::Open,
            },
        }
    }

    /// Sorts the better endpoints first: right chain, fewest failures, quickest, as configured.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        let state = self.state();
        let wrong = matches!(state.chain, ChainCheck::Wrong { .. });
        let known = state.health.smoothed();
        (wrong, state.health.failures(), Reverse(known.is_some()), known.unwrap_or(Duration::ZERO), self.index)
    }

    /// Asks for several things: in one request, or one by one where batches are refused.
    pub(crate) async fn ask(&self, client: &Client, calls: &[Call]) -> Result<Vec<Answer>, RpcError> {
        let batches = self.state().batches;
        if batches == Batches::Taken
            && let Batch::Each(answers) = client.batch(&self.endpoint, calls).await?
        {
            return Ok(answers);
        }
        let mut answers = Vec::with_capacity(calls.len());
        for some in calls.chunks(SINGLE_CALLS_AT_ONCE) {
            answers.extend(try_join_all(some.iter().map(|call| client.ask(&self.endpoint, call))).await?);
        }
        // Where single calls are refused as well, it was not about the batch.
        if batches == Batches::Taken && answers.iter().any(Result::is_ok) {
            tracing::debug!(endpoint = %self.name, "refuses batches; asked call by call from now on");
            self.state().batches = Batches::Refused;
        }
        Ok(answers)
    }
}
