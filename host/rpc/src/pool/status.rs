//! What is known of each endpoint, for an operator to see.

use dogwatch_agreement::Standing;
use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{ChainId, Head, Time};
use tokio::time::Instant;

use crate::endpoint::{EndpointIndex, EndpointName, Operator, Upgrade};
use crate::error::RpcError;
use crate::health::Access;
use crate::pool::endpoints::Pool;
use crate::pool::member::Member;
use crate::pool::state::ChainCheck;

/// What is known of one endpoint at one moment.
#[derive(Clone, Debug)]
pub struct EndpointSnapshot {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// What it is called.
    pub name: EndpointName,
    /// Who runs it, judged by its address.
    pub operator: Operator,
    /// Its rank, from 1: the endpoint with rank 1 is asked first.
    pub rank: usize,
    /// Whether it may be asked.
    pub health: EndpointHealth,
    /// What its last answer was worth compared with the others'.
    pub standing: Option<Standing>,
    /// Its head at the last good poll.
    pub head: Option<Head>,
    /// That head's age.
    pub head_age: Option<Duration>,
    /// How many blocks it is behind, if its head kept advancing since the last good poll.
    pub lag: Option<u32>,
    /// The median latency of its recent answers.
    pub latency_p50: Option<Duration>,
    /// The 90th percentile of the latency of its recent answers.
    pub latency_p90: Option<Duration>,
    /// The average latency, recent answers weighing more.
    pub latency_average: Option<Duration>,
    /// Failures in a row since the last good answer.
    pub failures: u32,
    /// The error of the last of them.
    pub last_error: Option<RpcError>,
    /// Methods that failed the last time, and their errors.
    pub methods: Vec<(String, RpcError)>,
    /// Whether it is on the right chain.
    pub chain: ChainVerdict,
    /// Why it is asked by https although it was written `http://`.
    pub upgrade: Option<Upgrade>,
    /// How many requests are left in its budget.
    pub budget_left: u32,
}

/// Whether an endpoint may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointHealth {
    /// Nothing is known yet.
    Untried,
    /// It answers.
    Well,
    /// It failed, and is tried again soon.
    Resting,
    /// It asked for a pause, of which this much is left.
    Throttled(Duration),
    /// It is on another chain.
    WrongChain,
}

/// Whether an endpoint is on the right chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainVerdict {
    /// Not checked yet.
    Unverified,
    /// It is on the right chain.
    Right,
    /// It is on the chain with this id.
    Wrong(ChainId),
}

impl std::fmt::Display for EndpointHealth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Untried => f.write_str("untried"),
            Self::Well => f.write_str("well"),
            Self::Resting => f.write_str("resting"),
            Self::Throttled(wait) => write!(f, "throttled for {} s", wait.as_secs()),
            Self::WrongChain => f.write_str("wrong chain"),
        }
    }
}

impl Pool {
    /// What is known of each endpoint, in the order of the configuration. Sends no request.
    pub fn status(&self, now: Time) -> Vec<EndpointSnapshot> {
        let (height, agreement, ranked) = (self.height(), self.agreement(), self.ranked());
        let status = |member: &Arc<Member>| {
            let instant = Instant::now();
            let rank = ranked.iter().position(|ranked| ranked.index == member.index).unwrap_or(ranked.len());
            let standing = agreement.as_ref().and_then(|agreement| {
                agreement
                    .standings
                    .iter()
                    .find(|(endpoint, _)| *endpoint == member.index)
                    .map(|(_, standing)| *standing)
            });
            let state = member.state();
            let health = &state.health;
            let head = health.head().map(|(head, _)| head.clone());
            EndpointSnapshot {
                endpoint: member.index,
                name: member.name.clone(),
                operator: member.operator.clone(),
                rank: rank.saturating_add(1),
                health: match (state.chain, health.read_access("", instant)) {
                    (ChainCheck::Wrong { .. }, _) => EndpointHealth::WrongChain,
                    (_, Access::Throttled) => {
                        EndpointHealth::Throttled(health.throttled_for(instant).unwrap_or_default())
                    }
                    (_, Access::Resting) => EndpointHealth::Resting,
                    (_, Access::Open) if health.failures() > 0 => EndpointHealth::Resting,
                    (ChainCheck::Never, Access::Open) => EndpointHealth::Untried,
                    (_, Access::Open) => EndpointHealth::Well,
                },
                standing,
                head_age: head.as_ref().map(|head| now.since(head.time)),
                head,
                lag: member.lag(&state, height, instant),
                latency_p50: health.latencies().percentile(50),
                latency_p90: health.latencies().percentile(90),
                latency_average: health.latencies().smoothed(),
                failures: health.failures(),
                last_error: health.last_error().cloned(),
                methods: health.failing_methods(),
                chain: match state.chain {
                    ChainCheck::Never => ChainVerdict::Unverified,
                    ChainCheck::Right { .. } => ChainVerdict::Right,
                    ChainCheck::Wrong { found, .. } => ChainVerdict::Wrong(found),
                },
                upgrade: member.endpoint.upgrade(),
                budget_left: state.budget.left(instant),
            }
        };
        self.members().iter().map(status).collect()
    }
}
