//! The background jobs that watch a producer node: its probes, and the tripwire that tells at once when its process ends.

use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_engine::{NodeIndex, Probe, ProbeFailure, ProbeFault};
use dogwatch_rpc::{Endpoint, NodeProbe, ProbeReading, Prober, RpcError, Tripwire, WireEvent};
use tokio::sync::{Notify, mpsc};

use crate::chain::message::Message;

/// A node to watch. Witnesses that share it are all told.
#[derive(Clone, Debug)]
pub struct WatchedNode {
    /// Where it is probed.
    pub endpoint: Endpoint,
    /// How often.
    pub every: Duration,
    /// The node's index in each of its witnesses, by the witness's index in its chain's task.
    pub places: Vec<(usize, NodeIndex)>,
}

/// Adds a witness's node to those that are watched: one that is watched for another witness already is not probed twice.
pub fn add(nodes: &mut Vec<WatchedNode>, endpoint: Endpoint, every: Duration, place: (usize, NodeIndex)) {
    match nodes.iter_mut().find(|node| node.endpoint == endpoint) {
        Some(node) => {
            node.every = node.every.min(every);
            node.places.push(place);
        }
        None => nodes.push(WatchedNode { endpoint, every, places: vec![place] }),
    }
}

/// Watches one node for as long as the chain's task listens.
pub async fn watch_node(prober: Prober, node: WatchedNode, profile: Profile, inbox: mpsc::Sender<Message>) {
    let cut = Notify::new();
    tokio::select! {
        () = probe(&prober, &node, &profile, &inbox, &cut) => {}
        () = hold(&node, &inbox, &cut) => {}
    }
}

/// Probes the node now and then, and at once when its tripwire is cut.
async fn probe(prober: &Prober, node: &WatchedNode, profile: &Profile, inbox: &mpsc::Sender<Message>, cut: &Notify) {
    let mut probe = NodeProbe::new(prober.clone(), node.endpoint.clone());
    loop {
        let result = probe.ask(Some(profile)).await;
        let result = result
            .map(|ProbeReading { head, chain_id, version, .. }| Probe { head, chain_id, version })
            .map_err(|error| ProbeFailure::new(fault(&error), error.to_string()));
        for (witness, place) in &node.places {
            if inbox.send(Message::Probed(*witness, *place, result.clone())).await.is_err() {
                return;
            }
        }
        if tokio::time::timeout(node.every, cut.notified()).await.is_ok() {
            // It may be another process that listens there now.
            probe.forget();
        }
    }
}

/// What a failed probe tells of the node.
const fn fault(error: &RpcError) -> ProbeFault {
    match error {
        RpcError::Refused { .. } => ProbeFault::Refused,
        RpcError::Dns { .. } | RpcError::NotReachable { .. } | RpcError::Timeout { .. } | RpcError::Broken { .. } => {
            ProbeFault::Silent
        }
        _ => ProbeFault::Unusable,
    }
}

/// Holds the tripwire.
async fn hold(node: &WatchedNode, inbox: &mpsc::Sender<Message>, cut: &Notify) {
    let mut wire = Tripwire::new(node.endpoint.clone());
    let mut last = None;
    loop {
        let event = wire.next().await;
        // A port that goes on refusing is no news.
        if last.replace(event) == Some(event) {
            continue;
        }
        if event == WireEvent::Cut {
            cut.notify_one();
        }
        if let WireEvent::GivenUp { after } = event {
            tracing::info!(node = %node.endpoint, ?after, "idle connections are cut so soon that a tripwire is of no use");
        }
        for (witness, place) in &node.places {
            if inbox.send(Message::Wire(*witness, *place, event)).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dogwatch_rpc::AllowHttp;

    use super::*;

    #[test]
    fn a_node_that_witnesses_share_is_watched_once() {
        let endpoint = |url| Endpoint::parse(url, AllowHttp::No).unwrap();
        let mut nodes = Vec::new();
        let places = [
            ("https://one.example.com", 6, (0, NodeIndex(0))),
            ("https://two.example.com", 6, (0, NodeIndex(1))),
            ("https://one.example.com", 3, (1, NodeIndex(2))),
        ];
        for (url, seconds, place) in places {
            add(&mut nodes, endpoint(url), Duration::from_secs(seconds), place);
        }
        let watched: Vec<_> = nodes.iter().map(|node| (node.every.as_secs(), node.places.clone())).collect();
        assert_eq!(watched, [(3, vec![(0, NodeIndex(0)), (1, NodeIndex(2))]), (6, vec![(0, NodeIndex(1))])]);
    }
}
