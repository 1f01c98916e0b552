//! A site's network: what it reaches of the endpoints and the nodes.

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::{EndpointReading, Probe, ProbeFailure, ProbeFault, ReadFailure, ServerDate};
use rand::rngs::SmallRng;

use crate::chain::ModelChain;
use crate::endpoint::ModelEndpoint;
use crate::node::Node;

/// How long an answer is on its way.
const LATENCY: Duration = Duration::from_millis(120);

/// What is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Everything.
    All,
    /// Its own nodes.
    Nodes,
    /// That endpoint.
    Endpoint(usize),
    /// Transactions do not get out; reading works.
    Sending,
}

/// A network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network(Vec<(usize, Cut)>);

impl Network {
    pub(crate) fn strike(&mut self, number: usize, cut: Cut) {
        self.0.push((number, cut));
    }

    pub(crate) fn mend(&mut self, number: usize) {
        self.0.retain(|(struck, _)| *struck != number);
    }

    fn is_cut(&self, wanted: &[Cut]) -> bool {
        self.0.iter().any(|(_, cut)| wanted.contains(cut))
    }

    /// Whether that endpoint is reached.
    pub(crate) fn reaches_endpoint(&self, index: usize) -> bool {
        !self.is_cut(&[Cut::All, Cut::Endpoint(index)])
    }

    /// Whether the nodes are reached.
    pub(crate) fn reaches_nodes(&self) -> bool {
        !self.is_cut(&[Cut::All, Cut::Nodes])
    }

    /// Whether transactions get to that endpoint.
    pub(crate) fn sends_to(&self, index: usize) -> bool {
        self.reaches_endpoint(index) && !self.is_cut(&[Cut::Sending])
    }

    /// An endpoint's answer to a poll in that slot, as it arrives here. `local` is what the clock shows at `now`.
    pub(crate) fn read(
        &self,
        index: usize,
        endpoint: &mut ModelEndpoint,
        chain: &ModelChain,
        (slot, now, local): (u64, Time, Time),
        rng: &mut SmallRng,
    ) -> EndpointReading {
        let reading = endpoint.read(chain, slot, rng);
        let date = reading.result.is_ok().then(|| ServerDate {
            date: Time::from_millis(now.as_millis() - now.as_millis().rem_euclid(1000)),
            asked: local,
            received: local.plus(LATENCY),
        });
        match self.reaches_endpoint(index) {
            true => EndpointReading { date, ..reading },
            false => EndpointReading { result: Err(ReadFailure::new("network unreachable")), ..reading },
        }
    }

    /// Whether an open connection to that node stands.
    pub(crate) fn holds_wire(&self, node: &Node, slot: u64) -> bool {
        self.reaches_nodes() && !node.refuses(slot)
    }

    /// A probe's result, as it arrives here.
    pub(crate) fn probe(&self, node: &Node, chain: &ModelChain, slot: u64) -> Result<Probe, ProbeFailure> {
        match self.reaches_nodes() {
            true => node.probe(chain, slot),
            false => Err(ProbeFailure::new(ProbeFault::Silent, "network unreachable")),
        }
    }
}
