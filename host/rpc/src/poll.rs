//! Polls: the same question to every endpoint at once.

use std::time::Duration;

use dogwatch_chain::{AccountName, FutureSchedule, Head, Schedule, WitnessState};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use crate::chain_check;
use crate::endpoint::EndpointName;
use crate::envelope::{Answer, Call};
use crate::error::RpcError;
use crate::facts;
use crate::member::{EndpointIndex, Gate, Member};
use crate::pool::Pool;

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct PollRequest<'a> {
    /// The witnesses whose state is wanted.
    pub witnesses: &'a [AccountName],
}

/// One endpoint's answer to a poll.
#[derive(Clone, Debug)]
pub struct EndpointReading {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// What it is called.
    pub name: EndpointName,
    /// From question to answer, the chain check left out; `None` when it was not asked.
    pub latency: Option<Duration>,
    /// What it said.
    pub result: Result<Reading, RpcError>,
}

/// The chain as one endpoint sees it.
///
/// The parts are read one after another, and gateways cache: a block may have come between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its head.
    pub head: Head,
    /// Its schedule.
    pub schedule: Schedule,
    /// The witnesses asked for, in that order; `None` for one that does not exist.
    pub witnesses: Vec<Option<WitnessState>>,
}

impl Reading {
    /// Whether the schedule is the one in force at the head: a shuffle may have come between the two.
    pub fn schedule_is_of_head(&self) -> bool {
        let round = u32::try_from(self.schedule.current.len()).unwrap_or(u32::MAX);
        let (head, shuffle) = (self.head.num(), self.schedule.next_shuffle);
        head < shuffle && shuffle.back(round) <= head
    }
}

impl Pool {
    /// Asks every endpoint at once, each in one request, and waits until all have answered or run out of time: the
    /// total timeout at most. One reading for each endpoint, in the configuration's order.
    ///
    /// An endpoint that failed rests for a short while, longer with each failure; while it rests, its reading is its
    /// last error. Once all would rest, all are asked.
    pub async fn poll(&self, request: &PollRequest<'_>) -> Vec<EndpointReading> {
        let now = Instant::now();
        let gates: Vec<Gate> = self.members().iter().map(|member| member.gate(now, self.profile().chain_id)).collect();
        let all_rest = !gates.iter().any(|gate| matches!(gate, Gate::Open));
        let calls = self.poll_calls(request);
        join_all(self.members().iter().zip(gates).map(async |(member, gate)| {
            let (latency, result) = match gate {
                Gate::Barred(error) => (None, Err(error)),
                Gate::Resting(error) if !all_rest => (None, Err(error)),
                Gate::Open | Gate::Resting(_) => self.poll_one(member, &calls, request).await,
            };
            EndpointReading { endpoint: member.index, name: member.name.clone(), latency, result }
        }))
        .await
    }

    async fn poll_one(
        &self,
        member: &Member,
        calls: &[Call],
        request: &PollRequest<'_>,
    ) -> (Option<Duration>, Result<Reading, RpcError>) {
        let mut asked = Instant::now();
        let outcome = self
            .client()
            .bounded(async {
                chain_check::ensure(self.client(), member, self.profile()).await?;
                asked = Instant::now();
                member.ask(self.client(), calls).await
            })
            .await;
        let now = Instant::now();
        let latency = now.saturating_duration_since(asked);
        let result = outcome.and_then(|answers| self.reading(answers, request));
        let mut state = member.state();
        match &result {
            Ok(reading) => state.health.succeeded(&reading.head, latency),
            Err(error) => {
                tracing::debug!(endpoint = %member.name, %error, "poll failed");
                state.health.failed(error, now, self.profile().block_interval);
            }
        }
        (Some(latency), result)
    }

    fn poll_calls(&self, request: &PollRequest<'_>) -> Vec<Call> {
        let mut calls = vec![Call::new(facts::PROPERTIES, json!([])), Call::new(facts::SCHEDULE, json!([]))];
        calls.extend(request.witnesses.iter().map(|witness| Call::new(facts::WITNESS, json!([witness]))));
        if self.profile().future_schedule == FutureSchedule::Published {
            calls.push(Call::new(facts::ACTIVE, json!([true])));
        }
        calls
    }

    fn reading(&self, answers: Vec<Answer>, request: &PollRequest<'_>) -> Result<Reading, RpcError> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().ok_or(RpcError::NotJsonRpc { what: "the batch lacks an answer" });
        let head = facts::head(facts::PROPERTIES, &next()?.map_err(RpcError::Node)?)?;
        let mut schedule = facts::schedule(&next()?.map_err(RpcError::Node)?)?;
        let mut witnesses = Vec::with_capacity(request.witnesses.len());
        for name in request.witnesses {
            witnesses.push(facts::witness(&next()?.map_err(RpcError::Node)?, name, self.profile())?);
        }
        if self.profile().future_schedule == FutureSchedule::Published
            // A gateway that does not pass this method on is good for all the rest.
            && let Ok(active) = next()?
        {
            schedule.future = facts::future(&active, &schedule.current)?;
        }
        Ok(Reading { head, schedule, witnesses })
    }
}
