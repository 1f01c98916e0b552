//! A round of polls: every endpoint at once, without waiting for the slowest.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use crate::agreement::{EndpointView, EndpointVoice};
use crate::endpoint::{EndpointIndex, Operator};
use crate::error::{RequestPhase, RpcError, Sent};
use crate::health::Access;
use crate::poll::reading::{PollAnswer, PollRequest};
use crate::pool::{Gate, Member, Pool, ensure_right_chain};
use crate::results::facts;
use crate::transport::AnswerDate;

impl Pool {
    /// Asks every endpoint at once, each in one request, and waits until all have answered, at most for the total timeout.
    /// Returns one answer per endpoint, in the order of the configuration.
    ///
    /// An endpoint that failed rests for a short while, longer with each failure; while it rests, its answer is its last
    /// error. If all would rest, all are asked. Throttled endpoints are asked only if there is no quorum without them. Once
    /// a quorum has shown fresh heads, the others get half a slot more.
    ///
    /// Afterwards [`Self::agreement`] tells what the answers are worth.
    pub async fn poll(&self, request: &PollRequest<'_>) -> Vec<PollAnswer> {
        let now = Instant::now();
        let gates: Vec<Gate> = self.members().iter().map(|member| member.gate(now, self.profile().chain_id)).collect();
        let pressed = self.pressed(&gates, now);
        let mut asked = FuturesUnordered::new();
        let mut readings: Vec<Option<PollAnswer>> = Vec::new();
        for (member, gate) in self.members().iter().zip(gates) {
            let error = match gate {
                Gate::Open => None,
                Gate::Resting(..) if pressed.contains(&member.index) => None,
                Gate::Resting(_, error) | Gate::Barred(error) => Some(error),
            };
            readings.push(error.map(|error| reading_of(member, None, None, Err(error))));
            if matches!(readings.last(), Some(None)) {
                asked.push(async move { (member, self.poll_one(member, request).await) });
            }
        }
        // Once enough have answered, the others get a moment more: decisions do not wait for the slowest.
        let mut voices: BTreeSet<&Operator> = BTreeSet::new();
        let mut until: Option<Instant> = None;
        while !asked.is_empty() {
            let next = match until {
                None => asked.next().await,
                Some(until) => tokio::time::timeout_at(until, asked.next()).await.unwrap_or_default(),
            };
            let Some((member, (latency, date, result))) = next else { break };
            // A quick but frozen endpoint must not cut the good ones short.
            if result.as_ref().is_ok_and(|reading| self.rules().is_fresh(self.now(), &reading.head))
                && !member.state().doubted
            {
                voices.insert(&member.operator);
            }
            if until.is_none() && voices.len() >= self.need() {
                until = Instant::now().checked_add(self.grace());
            }
            if let Some(slot) = readings.get_mut(member.index.0) {
                *slot = Some(reading_of(member, latency, date, result));
            }
        }
        drop(asked);
        let late = |(member, reading): (&Arc<Member>, Option<PollAnswer>)| {
            reading.unwrap_or_else(|| {
                let error = RpcError::Timeout { phase: RequestPhase::Answering, after: self.grace() };
                member.poll_failed(&error);
                reading_of(member, Some(self.grace()), None, Err(error))
            })
        };
        let readings: Vec<PollAnswer> = self.members().iter().zip(readings).map(late).collect();
        let voices: Vec<EndpointVoice<'_>> = self
            .members()
            .iter()
            .zip(&readings)
            .map(|(member, reading)| EndpointVoice {
                endpoint: member.index,
                operator: &member.operator,
                reading: reading.result.as_ref().ok(),
            })
            .collect();
        let now = self.now();
        self.compare(|comparison| comparison.compare(now, &voices));
        readings
    }

    /// How many operators must answer before the others are no longer waited for.
    fn need(&self) -> usize {
        self.rules().need(self.operators().len())
    }

    /// How long the others are then waited for.
    fn grace(&self) -> Duration {
        self.profile().block_interval.mul_f32(0.5).max(LEAST_GRACE).min(self.client().options().total_timeout)
    }

    /// The endpoints to ask although they rest or are throttled, because too few others are left: all that rest if none is
    /// open, and as few throttled ones as complete a quorum, each at the pace of retries.
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
    ) -> (Option<Duration>, Option<AnswerDate>, Result<EndpointView, RpcError>) {
        let delivers = member.state().health.read_access(facts::BLOCK, Instant::now()) == Access::Open;
        let block = request.block.filter(|(from, _)| *from == member.index && delivers).map(|(_, block)| block);
        let calls = request.calls(self.profile(), block);
        let mut asked = Instant::now();
        let outcome = self
            .client()
            .bounded(async {
                ensure_right_chain(self.client(), member, self.profile()).await?;
                asked = Instant::now();
                member.polling();
                let error = match member.ask_dated(self.client(), &calls).await {
                    Ok(answers) => return Ok((answers, block)),
                    Err(error) if block.is_none() || error.sent() == Sent::No => return Err(error),
                    Err(error) => error,
                };
                // Gateways have another backend for blocks: that it fails says nothing about the rest.
                tracing::debug!(endpoint = %member.name, %error, "no answer to a poll that asked for a block");
                member.read_failed(facts::BLOCK, &error);
                if matches!(error, RpcError::Timeout { .. }) {
                    return Err(error);
                }
                member.spend(1);
                asked = Instant::now();
                let answers = member.ask_dated(self.client(), &request.calls(self.profile(), None)).await?;
                Ok((answers, None))
            })
            .await;
        let now = Instant::now();
        let latency = now.saturating_duration_since(asked);
        let result = outcome.and_then(|((answers, date), block)| {
            let (view, no_block) = request.read(answers, self.profile(), block)?;
            if let Some(error) = no_block {
                member.read_failed(facts::BLOCK, &error);
            }
            Ok((view, date))
        });
        match &result {
            Ok((reading, _)) => member.state().health.polled(&reading.head, latency, now),
            Err(error) => member.poll_failed(error),
        }
        let date = result.as_ref().ok().and_then(|(_, date)| *date);
        (Some(latency), date, result.map(|(view, _)| view))
    }
}

/// The least extra time for slow endpoints, on chains with short slots.
const LEAST_GRACE: Duration = Duration::from_millis(250);

fn reading_of(
    member: &Member,
    latency: Option<Duration>,
    date: Option<AnswerDate>,
    result: Result<EndpointView, RpcError>,
) -> PollAnswer {
    let (name, operator) = (member.name.clone(), member.operator.clone());
    PollAnswer { endpoint: member.index, name, operator, latency, date, result }
}
