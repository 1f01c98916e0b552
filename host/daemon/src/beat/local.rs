//! What the node answers on its own machine.

use std::time::Duration;

use dogwatch_beat::LocalNode;
use dogwatch_rpc::{Endpoint, NodeProbe, PoolOptions, Prober};
use tokio::sync::watch;

use crate::beat::BeatError;
use crate::clock::Clock;

/// On its own machine a node that is well answers at once.
const CONNECT: Duration = Duration::from_secs(1);

/// And all questions within this.
const TOTAL: Duration = Duration::from_secs(3);

/// Asks the node that often, for as long as anybody wants to know.
pub(super) fn ask(node: Endpoint, every: Duration, clock: Clock) -> Result<watch::Receiver<LocalNode>, BeatError> {
    let options = PoolOptions::new(clock).timeouts(CONNECT, TOTAL);
    let prober = Prober::new(options, [&node]).map_err(|error| BeatError::Rpc(error.to_string()))?;
    let (sender, receiver) = watch::channel(LocalNode::AsBefore);
    let mut probe = NodeProbe::new(prober, node);
    tokio::spawn(async move {
        while !sender.is_closed() {
            let answer = match probe.ask(None).await {
                Ok(reading) => {
                    LocalNode::Shows { head: reading.head, chain_id: reading.chain_id, version: reading.version }
                }
                Err(error) => LocalNode::Fails(error.to_string()),
            };
            sender.send_replace(answer);
            tokio::time::sleep(every).await;
        }
    });
    Ok(receiver)
}
