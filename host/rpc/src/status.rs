//! The pool's endpoints as an operator wants to see them.

use std::time::Duration;

use dogwatch_chain::{ChainId, Head, Time};

use crate::endpoint::EndpointName;
use crate::error::RpcError;
use crate::member::{ChainCheck, EndpointIndex};
use crate::pool::Pool;

/// What is known of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointStatus {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// What it is called.
    pub name: EndpointName,
    /// Its head at its last good poll.
    pub head: Option<Head>,
    /// That head's age.
    pub head_age: Option<Duration>,
    /// Of its recent polls, half were answered within this.
    pub latency_p50: Option<Duration>,
    /// Of its recent polls, nine in ten were answered within this.
    pub latency_p90: Option<Duration>,
    /// The average latency, recent polls weighing more.
    pub latency_average: Option<Duration>,
    /// How many polls failed since the last good one.
    pub failures: u32,
    /// Why the last of them failed.
    pub last_error: Option<RpcError>,
    /// Whether it is on the right chain.
    pub chain: ChainVerdict,
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

impl Pool {
    /// What is known of each endpoint, in the configuration's order. Asks nothing.
    pub fn status(&self, now: Time) -> Vec<EndpointStatus> {
        let status = |member: &crate::member::Member| {
            let state = member.state();
            let health = &state.health;
            EndpointStatus {
                endpoint: member.index,
                name: member.name.clone(),
                head: health.head().cloned(),
                head_age: health.head().map(|head| now.since(head.time)),
                latency_p50: health.percentile(50),
                latency_p90: health.percentile(90),
                latency_average: health.smoothed(),
                failures: health.failures(),
                last_error: health.last_error().cloned(),
                chain: match state.chain {
                    ChainCheck::Never => ChainVerdict::Unverified,
                    ChainCheck::Right { .. } => ChainVerdict::Right,
                    ChainCheck::Wrong { found, .. } => ChainVerdict::Wrong(found),
                },
            }
        };
        self.members().iter().map(status).collect()
    }
}
