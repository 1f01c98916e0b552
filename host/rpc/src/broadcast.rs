//! Broadcasts: one transaction, the same bytes, to several endpoints at once.

use dogwatch_chain::{SignedTransaction, TransactionId, transaction_to_json};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::endpoint::{EndpointIndex, EndpointName};
use crate::error::{NodeError, NodeRefusal, RpcError, Sent};
use crate::jsonrpc::{Encoded, RpcCall};
use crate::pool::{Gate, Member, Pool};

const BROADCAST: &str = "condenser_api.broadcast_transaction";

/// How one endpoint answered a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BroadcastOutcome {
    /// The node took it into its pending transactions. It may still never enter a block.
    Accepted,
    /// The node had it already.
    Duplicate,
    /// The witness's signing key is not the one to be replaced: another switch came first.
    KeyMismatch,
    /// The signature is not by the key in force, or the node reads the transaction differently.
    MissingAuthority,
    /// It has expired, or expires too far in the future.
    Expired,
    /// The node does not know the reference block.
    Tapos,
    /// Refused for another reason.
    OtherRefusal(NodeError),
    /// No usable answer: it may have arrived.
    Unknown(RpcError),
    /// It did not arrive.
    NotSent(RpcError),
}

/// An endpoint, and how it answered.
#[derive(Clone, Debug)]
pub struct BroadcastResult {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// What it is called.
    pub name: EndpointName,
    /// How it answered.
    pub outcome: BroadcastOutcome,
}

/// How a broadcast went. None of it proves that the transaction takes effect: only a block does.
#[derive(Clone, Debug)]
pub struct BroadcastReport {
    /// The transaction.
    pub id: TransactionId,
    /// One entry for each endpoint it was sent to.
    pub results: Vec<BroadcastResult>,
}

impl BroadcastReport {
    /// How many endpoints have it now.
    pub fn accepted(&self) -> usize {
        self.count(|outcome| matches!(outcome, BroadcastOutcome::Accepted | BroadcastOutcome::Duplicate))
    }

    /// How many say that another switch came first.
    pub fn key_mismatches(&self) -> usize {
        self.count(|outcome| *outcome == BroadcastOutcome::KeyMismatch)
    }

    /// How many refused it.
    pub fn refused(&self) -> usize {
        self.count(|outcome| {
            matches!(
                outcome,
                BroadcastOutcome::KeyMismatch
                    | BroadcastOutcome::MissingAuthority
                    | BroadcastOutcome::Expired
                    | BroadcastOutcome::Tapos
                    | BroadcastOutcome::OtherRefusal(_)
            )
        })
    }

    /// Whether any endpoint may have it, so that it may take effect.
    pub fn may_have_arrived(&self) -> bool {
        self.accepted() > 0 || self.count(|outcome| matches!(outcome, BroadcastOutcome::Unknown(_))) > 0
    }

    fn count(&self, holds: impl Fn(&BroadcastOutcome) -> bool) -> usize {
        self.results.iter().filter(|result| holds(&result.outcome)).count()
    }
}

impl Pool {
    /// Sends a transaction to the `fan_out` best endpoints at once and waits for all of them, at most for the total
    /// timeout. Resting endpoints come last; endpoints on another chain are left out.
    ///
    /// May be repeated with the same transaction: a node that has it already says so and does nothing.
    pub async fn broadcast(&self, transaction: &SignedTransaction) -> BroadcastReport {
        let request =
            self.client().encode(&RpcCall::new(BROADCAST, json!([transaction_to_json(transaction, self.profile())])));
        let mut ranked = self.ranked();
        ranked.truncate(self.client().options().fan_out);
        let results = join_all(ranked.into_iter().map(async |member| BroadcastResult {
            endpoint: member.index,
            name: member.name.clone(),
            outcome: self.broadcast_to(&member, request.clone()).await,
        }))
        .await;
        BroadcastReport { id: transaction.transaction.id(self.profile()), results }
    }

    async fn broadcast_to(&self, member: &Member, request: Encoded) -> BroadcastOutcome {
        if let Gate::Barred(error) = member.gate(Instant::now(), self.profile().chain_id) {
            return BroadcastOutcome::NotSent(error);
        }
        let method = request.method();
        member.spend(1);
        match self.client().bounded(self.client().send(&member.endpoint, request)).await {
            // hived and steemd answer {}; a void method may also be answered with null.
            Ok(Ok(Value::Object(_) | Value::Null)) => BroadcastOutcome::Accepted,
            Ok(Ok(_)) => BroadcastOutcome::Unknown(RpcError::shape(method, "the result is not an empty object")),
            Ok(Err(error)) => refusal(error),
            Err(error) if error.sent() == Sent::No => BroadcastOutcome::NotSent(error),
            Err(error) => BroadcastOutcome::Unknown(error),
        }
    }
}

fn refusal(error: NodeError) -> BroadcastOutcome {
    match error.refusal {
        NodeRefusal::Duplicate => BroadcastOutcome::Duplicate,
        NodeRefusal::KeyMismatch => BroadcastOutcome::KeyMismatch,
        NodeRefusal::MissingAuthority => BroadcastOutcome::MissingAuthority,
        NodeRefusal::Expired => BroadcastOutcome::Expired,
        NodeRefusal::Tapos => BroadcastOutcome::Tapos,
        NodeRefusal::Other if error.is_gateway_trouble() => BroadcastOutcome::Unknown(RpcError::Node(error)),
        NodeRefusal::Other => BroadcastOutcome::OtherRefusal(error),
    }
}
