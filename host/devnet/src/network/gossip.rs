//! Transactions on their way from one node to the others.

use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{SignedTransaction, Time, TransactionId};
use rand::Rng as _;

use super::devnet::Devnet;
use crate::fault::RpcIndex;
use crate::seed::draw;

impl Devnet {
    /// Sends a transaction from the node that accepted it to the other RPC nodes. `None` means a producing node
    /// accepted it.
    pub(super) fn gossip(
        &mut self,
        from: Option<RpcIndex>,
        id: TransactionId,
        signed: &Arc<SignedTransaction>,
        now: Time,
    ) {
        for index in (0..self.rpc.len()).map(RpcIndex).filter(|index| Some(*index) != from) {
            self.sent = self.sent.saturating_add(1);
            let factor = draw(self.setup.seed, "gossip", self.sent).random_range(500..1500);
            let millis = self.setup.gossip_ms.saturating_mul(factor).div_euclid(1000);
            let at = now.plus(Duration::from_millis(millis));
            self.in_flight.insert((at, self.sent), (index, id, signed.clone()));
        }
    }

    /// Hands a transaction to a node, if it is on the network.
    pub(super) fn deliver(&mut self, index: RpcIndex, id: TransactionId, signed: Arc<SignedTransaction>) {
        let Some(node) = self.rpc.get_mut(index.0).filter(|node| node.fault.on_network()) else { return };
        if let Err(refused) = node.mempool.push(&self.setup, &self.ledger, id, signed) {
            tracing::debug!(%id, rpc = index.0, ?refused, "an RPC node refuses a transaction from another");
        }
    }
}
