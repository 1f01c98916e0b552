//! The background jobs that ask for news: polls of a chain's endpoints and probes of its nodes.

use std::time::Duration;

use dogwatch_chain::{AccountName, BlockNum};
use dogwatch_engine::{NodeIndex, Probe, ProbeFailure};
use dogwatch_rpc::{EndpointIndex, PollRequest, Pool, Prober};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::chain::message::Message;
use crate::chain::pace::until_next_poll;

/// Polls a chain's endpoints once per slot, about a third of a slot after the block is due.
pub async fn poll(
    pool: Pool,
    witnesses: Vec<AccountName>,
    next_block: watch::Receiver<Option<(EndpointIndex, BlockNum)>>,
    inbox: mpsc::Sender<Message>,
) {
    let interval = pool.profile().block_interval;
    for poll in 0_u64.. {
        let block = *next_block.borrow();
        let readings = pool.poll(&PollRequest { witnesses: &witnesses, block }).await;
        // Use the agreed head if there is one: a single endpoint may report a head from the future.
        let agreed = pool.agreement().and_then(|agreement| Some(agreement.head.as_ref()?.time));
        let heads = readings.iter().filter_map(|reading| Some(reading.result.as_ref().ok()?.head.time));
        let newest = agreed.or_else(|| heads.filter(|time| *time <= pool.now()).max());
        if inbox.send(Message::Polled(Instant::now(), readings)).await.is_err() {
            return;
        }
        tokio::time::sleep(until_next_poll(poll, pool.now(), newest, interval)).await;
    }
}

/// Probes one node for as long as the chain's task listens.
pub async fn probe(
    prober: Prober,
    target: ProbeTarget,
    profile: dogwatch_chain::Profile,
    every: Duration,
    inbox: mpsc::Sender<Message>,
) {
    loop {
        let result = prober.probe(&target.endpoint, &profile).await;
        let result = result
            .map(|reading| Probe { head: reading.head, chain_id: reading.chain_id, version: reading.version })
            .map_err(|error| ProbeFailure::new(error.to_string()));
        if inbox.send(Message::Probed(target.witness, target.node, result)).await.is_err() {
            return;
        }
        tokio::time::sleep(every).await;
    }
}

/// A node to probe.
#[derive(Clone, Debug)]
pub struct ProbeTarget {
    /// The witness's index in its chain's task.
    pub witness: usize,
    /// The node's index in its witness.
    pub node: NodeIndex,
    /// Where to probe it.
    pub endpoint: dogwatch_rpc::Endpoint,
}
