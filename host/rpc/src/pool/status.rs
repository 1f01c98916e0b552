//! The pool's endpoints as an operator wants to see them.

use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{ChainId, Head, Time};
use tokio::time::Instant;

use crate::agreement::Standing;
use crate::endpoint::{EndpointIndex, EndpointName, Operator, Upgrade};
use crate::error::RpcError;
use crate::health::Access;
use crate::pool::endpoints::Pool;
use crate::pool::member::Member;
use crate::pool::state::ChainCheck;

/// What is known of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointSnapshot {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// What it is called.
    pub name: EndpointName,
    /// Who runs it, as far as its address tells.
    pub operator: Operator,
    /// Its place among the endpoints, from 1: the first is asked first.
    pub rank: usize,
    /// Whether it is asked when it is its turn.
    pub health: EndpointHealth,
    /// What its last answer was worth beside those of the others.
    pub standing: Option<Standing>,
    /// Its head at its last good poll.
    pub head: Option<Head>,
    /// That head's age.
    pub head_age: Option<Duration>,
    /// By how many blocks it is behind, if blocks kept coming since its last good poll.
    pub lag: Option<u32>,
    /// Of its recent answers, half came within this.
    pub latency_p50: Option<Duration>,
    /// Of its recent answers, nine in ten came within this.
    pub latency_p90: Option<Duration>,
    /// The average latency, recent answers weighing more.
    pub latency_average: Option<Duration>,
    /// How many requests failed since the last good one.
    pub failures: u32,
    /// Why the last of them failed.
    pub last_error: Option<RpcError>,
    /// Methods that failed the last time, and how.
    pub methods: Vec<(String, RpcError)>,
    /// Whether it is on the right chain.
    pub chain: ChainVerdict,
    /// Why it is asked by https although it was written `http://`.
    pub upgrade: Option<Upgrade>,
    /// How many requests it is to get before its budget is used up.
    pub budget_left: u32,
}

/// Whether an endpoint is asked when it is its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointHealth {
    /// Nothing is known yet.
    Untried,
    /// It answers.
    Well,
    /// It failed, and is tried again soon.
    Resting,
    /// It asked to be left alone for so long.
    Throttled(Duration),
    /// It is on another chain.
    WrongChain,
}

/// Whether an endpoint is on the right chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainVerdict {
    /// It has not said so yet.
    Unverified,
    /// It is.
    Right,
    /// It is on this one.
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
    /// What is known of each endpoint, in the configuration's order. Asks nothing.
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
