//! Polls: the same question to every endpoint at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{AccountName, Block, BlockNum, FutureSchedule, Head, Schedule, WitnessState};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::time::Instant;

use crate::agreement::Voice;
use crate::chain_check;
use crate::clock::Clock;
use crate::endpoint::EndpointName;
use crate::envelope::{Answer, Call};
use crate::error::{Phase, RpcError};
use crate::facts;
use crate::health::Access;
use crate::member::{EndpointIndex, Gate, Member};
use crate::operator::Operator;
use crate::pool::Pool;

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct PollRequest<'a> {
    /// The witnesses whose state is wanted.
    pub witnesses: &'a [AccountName],
    /// A block that is wanted as well, and from whom: asked for in the same request, since it mostly exists by then.
    pub block: Option<(EndpointIndex, BlockNum)>,
}

/// One endpoint's answer to a poll.
#[derive(Clone, Debug)]
pub struct EndpointReading {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// What it is called.
    pub name: EndpointName,
    /// Who runs it.
    pub operator: Operator,
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
    /// The block that was asked for, if there is one yet.
    pub block: Option<Block>,
}

impl Reading {
    /// Whether the schedule is the one in force at the head: a shuffle may have come between the two.
    pub fn schedule_is_of_head(&self) -> bool {
        self.schedule.is_in_force_at(self.head.num())
    }
}

impl Pool {
    /// Asks every endpoint at once, each in one request, and waits until all have answered or run out of time: the
    /// total timeout at most. One reading for each endpoint, in the configuration's order.
    ///
    /// An endpoint that failed rests for a short while, longer with each failure; while it rests, its reading is its
    /// last error. Once all would rest, all are asked. Those that want to be left alone are asked all the same where there
    /// would be no quorum without them. Once a quorum has shown fresh heads, the others get half a
    /// slot more.
    ///
    /// Afterwards [`Self::agreement`] tells what the answers are worth.
    pub async fn poll(&self, request: &PollRequest<'_>) -> Vec<EndpointReading> {
        let now = Instant::now();
        let gates: Vec<Gate> = self.members().iter().map(|member| member.gate(now, self.profile().chain_id)).collect();
        let pressed = self.pressed(&gates, now);
        let mut asked = FuturesUnordered::new();
        let mut readings: Vec<Option<EndpointReading>> = Vec::new();
        for (member, gate) in self.members().iter().zip(gates) {
            let error = match gate {
                Gate::Open => None,
                Gate::Resting(..) if pressed.contains(&member.index) => None,
                Gate::Resting(_, error) | Gate::Barred(error) => Some(error),
            };
            readings.push(error.map(|error| reading_of(member, None, Err(error))));
            if matches!(readings.last(), Some(None)) {
                asked.push(async move { (member, self.poll_one(member, request).await) });
            }
        }
        // Once enough have answered, the others get a moment more: who decides does not wait for the slowest.
        let mut voices: BTreeSet<&Operator> = BTreeSet::new();
        let mut until: Option<Instant> = None;
        while !asked.is_empty() {
            let next = match until {
                None => asked.next().await,
                Some(until) => tokio::time::timeout_at(until, asked.next()).await.unwrap_or_default(),
            };
            let Some((member, (latency, result))) = next else { break };
            // A frozen one that is quick must not cut the good ones short.
            if result.as_ref().is_ok_and(|reading| self.is_fresh(&reading.head)) && !member.state().doubted {
                voices.insert(&member.operator);
            }
            if until.is_none() && voices.len() >= self.need() {
                until = Instant::now().checked_add(self.grace());
            }
            if let Some(slot) = readings.get_mut(member.index.0) {
                *slot = Some(reading_of(member, latency, result));
            }
        }
        drop(asked);
        let late = |(member, reading): (&Arc<Member>, Option<EndpointReading>)| {
            reading.unwrap_or_else(|| {
                let error = RpcError::Timeout { phase: Phase::Answering, after: self.grace() };
                member.poll_failed(&error);
                reading_of(member, Some(self.grace()), Err(error))
            })
        };
        let readings: Vec<EndpointReading> = self.members().iter().zip(readings).map(late).collect();
        let voices: Vec<Voice<'_>> = self
            .members()
            .iter()
            .zip(&readings)
            .map(|(member, reading)| Voice {
                endpoint: member.index,
                operator: &member.operator,
                reading: reading.result.as_ref().ok(),
            })
            .collect();
        self.compare(|comparison| comparison.compare(Clock.now(), &voices));
        readings
    }

    /// How many operators must answer before the others are no longer waited for.
    fn need(&self) -> usize {
        let quorum = usize::try_from(self.client().options().quorum).unwrap_or(usize::MAX);
        quorum.min(self.operators().len()).max(1)
    }

    /// How long the others are waited for then.
    fn grace(&self) -> Duration {
        self.profile().block_interval.mul_f32(0.5).max(LEAST_GRACE).min(self.client().options().total_timeout)
    }

    fn is_fresh(&self, head: &Head) -> bool {
        let (now, stale_after) = (Clock.now(), self.client().options().stale_after);
        now.since(head.time) <= stale_after && head.time.since(now) <= stale_after
    }

    /// Whom to ask although they rest or want to be left alone, since too few are left who do not: all that rest if nobody
    /// is open, and of those that want to be left alone as few as make a quorum, each at the pace of retries.
    fn pressed(&self, gates: &[Gate], now: Instant) -> Vec<EndpointIndex> {
        let members = || self.members().iter().zip(gates);
        let nobody_open = !gates.iter().any(|gate| matches!(gate, Gate::Open));
        let mut pressed: Vec<EndpointIndex> = members()
            .filter(|(_, gate)| nobody_open && matches!(gate, Gate::Resting(Access::Resting, _)))
            .map(|(member, _)| member.index)
            .collect();
        let mut voices: BTreeSet<&Operator> = members()
            .filter(|(member, gate)| matches!(gate, Gate::Open) || pressed.contains(&member.index))
            .map(|(member, _)| &member.operator)
            .collect();
        let mut throttled: Vec<&Arc<Member>> = members()
            .filter(|(_, gate)| matches!(gate, Gate::Resting(Access::Throttled, _)))
            .map(|(member, _)| member)
            .collect();
        throttled.sort_by_key(|member| member.state().health.throttled_for(now));
        for member in throttled {
            if voices.len() < self.need()
                && member.state().health.may_be_pressed(now)
                && voices.insert(&member.operator)
            {
                pressed.push(member.index);
            }
        }
        pressed
    }

    async fn poll_one(
        &self,
        member: &Member,
        request: &PollRequest<'_>,
    ) -> (Option<Duration>, Result<Reading, RpcError>) {
        let block = request.block.filter(|(from, _)| *from == member.index).map(|(_, block)| block);
        let calls = self.poll_calls(request, block);
        let mut asked = Instant::now();
        let outcome = self
            .client()
            .bounded(async {
                chain_check::ensure(self.client(), member, self.profile()).await?;
                asked = Instant::now();
                member.polling();
                member.ask(self.client(), &calls).await
            })
            .await;
        let now = Instant::now();
        let latency = now.saturating_duration_since(asked);
        let result = outcome.and_then(|answers| self.reading(answers, request, block));
        match &result {
            Ok(reading) => member.state().health.polled(&reading.head, latency, now),
            Err(error) => member.poll_failed(error),
        }
        (Some(latency), result)
    }

    fn poll_calls(&self, request: &PollRequest<'_>, block: Option<BlockNum>) -> Vec<Call> {
        let mut calls = vec![Call::new(facts::PROPERTIES, json!([])), Call::new(facts::SCHEDULE, json!([]))];
        calls.extend(request.witnesses.iter().map(|witness| Call::new(facts::WITNESS, json!([witness]))));
        if self.profile().future_schedule == FutureSchedule::Published {
            calls.push(Call::new(facts::ACTIVE, json!([true])));
        }
        calls.extend(block.map(|block| Call::new(facts::BLOCK, json!([block]))));
        calls
    }

    fn reading(
        &self,
        answers: Vec<Answer>,
        request: &PollRequest<'_>,
        block: Option<BlockNum>,
    ) -> Result<Reading, RpcError> {
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
        let block = match block.map(|block| (block, next())) {
            // Whoever gives no blocks is good for all the rest; they are then read elsewhere.
            Some((number, Ok(Ok(block)))) => facts::block(&block, number, self.profile()).unwrap_or_default(),
            _ => None,
        };
        Ok(Reading { head, schedule, witnesses, block })
    }
}

/// On a chain with short slots too, an answer may take a moment.
const LEAST_GRACE: Duration = Duration::from_millis(250);

fn reading_of(member: &Member, latency: Option<Duration>, result: Result<Reading, RpcError>) -> EndpointReading {
    let (name, operator) = (member.name.clone(), member.operator.clone());
    EndpointReading { endpoint: member.index, name, operator, latency, result }
}
