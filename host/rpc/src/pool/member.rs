//! An endpoint of the pool, and what is known about it.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dogwatch_chain::ChainId;
use futures_util::future::try_join_all;
use tokio::time::Instant;

use crate::endpoint::{Endpoint, EndpointIndex, EndpointName, Operator};
use crate::error::RpcError;
use crate::health::{Access, HealthRecord, RequestBudget, RestPolicy};
use crate::jsonrpc::{Answer, Batch, Client, RpcCall};
use crate::pool::batches::Batches;
use crate::pool::state::{ChainCheck, Gate, MemberState};
use crate::transport::AnswerDate;

/// Concurrent requests to an endpoint that takes no batches.
const SINGLE_CALLS_AT_ONCE: usize = 8;

/// Endpoints are polled at different moments of a slot: one block behind is no lag.
const NO_LAG: u32 = 1;

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) index: EndpointIndex,
    pub(crate) endpoint: Endpoint,
    pub(crate) name: EndpointName,
    pub(crate) operator: Operator,
    patience: RestPolicy,
    state: Mutex<MemberState>,
    /// Counts events that may change its rank at once.
    changes: AtomicU64,
}

impl Member {
    pub(crate) fn new(
        index: EndpointIndex,
        endpoint: Endpoint,
        name: EndpointName,
        patience: RestPolicy,
        budget: RequestBudget,
    ) -> Self {
        let state = MemberState {
            health: HealthRecord::default(),
            chain: ChainCheck::default(),
            batches: Batches::default(),
            budget,
            doubted: false,
            client_batches: Batches::default(),
        };
        let operator = endpoint.operator();
        Self { index, endpoint, name, operator, patience, state: Mutex::new(state), changes: AtomicU64::new(0) }
    }

    /// The state. Never hold it across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, MemberState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn gate(&self, now: Instant, expected: ChainId) -> Gate {
        let state = self.state();
        match state.chain {
            ChainCheck::Wrong { found, again } if now < again => Gate::Barred(RpcError::WrongChain { expected, found }),
            ChainCheck::Wrong { .. } => Gate::Open,
            ChainCheck::Never | ChainCheck::Right { .. } => {
                let busy = || RpcError::Http { status: 429, retry_after: state.health.throttled_for(now) };
                match (state.health.poll_access(now), state.health.last_error()) {
                    (Access::Open, _) => Gate::Open,
                    (access, error) => Gate::Resting(access, error.cloned().unwrap_or_else(busy)),
                }
            }
        }
    }

    /// Records that a poll is sent.
    pub(crate) fn polling(&self) {
        let now = Instant::now();
        let mut state = self.state();
        state.budget.spend(now, 1);
        state.health.polling(now, self.patience);
    }

    /// Records that a read is sent.
    pub(crate) fn reading(&self, method: &str) {
        let now = Instant::now();
        let mut state = self.state();
        state.budget.spend(now, 1);
        state.health.reading(method, now, self.patience);
        // It may be the trial after a rest.
        if state.health.failures_of(method) > 0 {
            self.changed();
        }
    }

    /// Records requests that count against the budget only.
    pub(crate) fn spend(&self, requests: usize) {
        self.state().budget.spend(Instant::now(), u32::try_from(requests).unwrap_or(u32::MAX));
    }

    /// A counter of the events that may change the member's rank at once.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Records such an event.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that it served this method; the time it took says nothing about reads.
    pub(crate) fn served(&self, method: &str) {
        self.state().health.served(method);
    }

    pub(crate) fn poll_failed(&self, error: &RpcError) {
        tracing::debug!(endpoint = %self.name, %error, "poll failed");
        self.state().health.poll_failed(error, Instant::now(), self.patience);
        self.changed();
    }

    pub(crate) fn read_failed(&self, method: &str, error: &RpcError) {
        tracing::debug!(endpoint = %self.name, method, %error, "read failed");
        self.state().health.read_failed(method, error, Instant::now(), self.patience);
        self.changed();
    }

    /// Sorts better endpoints first: on the right chain; not contradicted by others; not behind `height`; not resting;
    /// fewest failures; with budget left; fastest; as configured.
    pub(crate) fn rank(&self, method: &str, height: Option<u32>) -> impl Ord + use<> {
        let now = Instant::now();
        let state = self.state();
        let wrong = matches!(state.chain, ChainCheck::Wrong { .. });
        let known = state.health.latencies().smoothed();
        (
            wrong,
            state.doubted,
            self.lag(&state, height, now).filter(|lag| *lag > NO_LAG).unwrap_or(0),
            state.health.read_access(method, now),
            state.health.failures_of(method),
            state.budget.left(now) == 0,
            Reverse(known.is_some()),
            known.unwrap_or(Duration::ZERO),
            self.index,
        )
    }

    /// Whether it is asked only after all others have failed: it is on another chain, contradicted by others, or throttled.
    /// Neither a deadline nor a used-up budget changes that.
    pub(crate) fn is_last_resort(&self) -> bool {
        let state = self.state();
        let throttled = state.health.read_access("", Instant::now()) == Access::Throttled;
        state.doubted || throttled || matches!(state.chain, ChainCheck::Wrong { .. })
    }

    /// How many blocks it is behind that height, if its head kept advancing since the last poll.
    pub(crate) fn lag(&self, state: &MemberState, height: Option<u32>, now: Instant) -> Option<u32> {
        let own = state.health.expected_height(now, self.patience.interval)?;
        Some(height?.saturating_sub(own))
    }

    /// Makes several calls: in one request, or one by one if batches are refused.
    pub(crate) async fn ask(&self, client: &Client, calls: &[RpcCall]) -> Result<Vec<Answer>, RpcError> {
        Ok(self.ask_dated(client, calls).await?.0)
    }

    /// The same, with the date of the last answer.
    pub(crate) async fn ask_dated(
        &self,
        client: &Client,
        calls: &[RpcCall],
    ) -> Result<(Vec<Answer>, Option<AnswerDate>), RpcError> {
        let try_batch = self.state().batches.worth_a_try(Instant::now());
        if try_batch && let (Batch::Each(answers), date) = client.batch(&self.endpoint, calls).await? {
            self.state().batches.answered();
            return Ok((answers, date));
        }
        self.spend(calls.len().saturating_sub(1));
        let mut dated = Vec::with_capacity(calls.len());
        for some in calls.chunks(SINGLE_CALLS_AT_ONCE) {
            dated.extend(try_join_all(some.iter().map(|call| client.ask_dated(&self.endpoint, call))).await?);
        }
        let date = dated.last().and_then(|(_, date)| *date);
        let answers: Vec<Answer> = dated.into_iter().map(|(answer, _)| answer).collect();
        // If single calls are refused as well, the batch was not the reason.
        if try_batch && answers.iter().any(Result::is_ok) {
            tracing::debug!(endpoint = %self.name, "the endpoint refuses a batch, and answers its calls one by one");
            self.state().batches.refused(Instant::now());
        }
        Ok((answers, date))
    }
}
