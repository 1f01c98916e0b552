//! Broadcasts: the client's own bytes, sent to several endpoints at once; a client is never invited to sign again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::{NodeRefusal, RequestPhase, RpcError, Sent};
use crate::gateway::answer::CallReply;
use crate::gateway::handle::Gateway;
use crate::gateway::pending::PendingCall;
use crate::gateway::question::node_error;
use crate::jsonrpc::{Client, RawAnswer};
use crate::pool::{Gate, Member, Pool, ensure_right_chain};

/// The error for an unknown outcome. It must not invite the client to sign again.
const UNKNOWN: &str = "no endpoint confirmed the transaction, but it may have arrived: look for it on the chain, \
    and resend the same bytes if it is not there";

/// How one endpoint answered the client's bytes.
enum RelayOutcome {
    /// It accepted them.
    Taken(Bytes),
    /// It had them already.
    Duplicate(Bytes),
    /// It refused them.
    Refused(Bytes),
    /// They may have arrived.
    Unknown(RpcError),
    /// They did not arrive.
    NotSent(RpcError),
}

impl Gateway {
    /// Sends a transaction to several endpoints at once. The first that accepts it answers; the others still get it.
    pub(super) async fn broadcast(&self, asked: &PendingCall<'_>) -> (StatusCode, CallReply) {
        let Some((pool, client)) = self.pool_of(asked.chain) else { return nowhere(asked, &[]) };
        let mut members = pool.ranked_for(&asked.call.method);
        members.truncate(pool.client().options().fan_out);
        let (sender, mut outcomes) = mpsc::channel(members.len().max(1));
        let sending = Sending::new(asked, pool, client, pool.client().options().total_timeout);
        for member in members {
            let (sending, sender) = (sending.clone(), sender.clone());
            tokio::spawn(async move {
                let outcome = sending.to(&member).await;
                let _ = sender.send((member, outcome)).await;
            });
        }
        drop(sender);
        let (mut duplicate, mut refused, mut lost, mut unsent) = (None, None, Vec::new(), Vec::new());
        while let Some((member, outcome)) = outcomes.recv().await {
            match outcome {
                RelayOutcome::Taken(answer) => return (StatusCode::OK, CallReply::Whole(answer)),
                RelayOutcome::Duplicate(answer) => duplicate = Some(answer),
                RelayOutcome::Refused(answer) => refused = refused.or(Some(answer)),
                RelayOutcome::Unknown(error) => lost.push((member, error)),
                RelayOutcome::NotSent(error) => unsent.push((member, error)),
            }
        }
        match (duplicate, refused) {
            // Another endpoint got it from us a moment ago, and gossip was faster than that endpoint's answer.
            (Some(_), _) if !lost.is_empty() => (StatusCode::OK, CallReply::result(asked.call.id, "{}")),
            (Some(answer), _) => (StatusCode::OK, CallReply::Whole(answer)),
            (None, Some(answer)) if lost.is_empty() => (StatusCode::OK, CallReply::Whole(answer)),
            (None, _) if !lost.is_empty() => unknown(asked, &lost),
            _ => nowhere(asked, &unsent),
        }
    }

    /// Sends a broadcast that waits for a block to one endpoint, and to the next only if it did not arrive.
    pub(super) async fn broadcast_and_wait(&self, asked: &PendingCall<'_>) -> (StatusCode, CallReply) {
        let Some((pool, client)) = self.pool_of(asked.chain) else { return nowhere(asked, &[]) };
        let sending = Sending::new(asked, pool, client, self.options().broadcast_deadline);
        let mut unsent = Vec::new();
        for member in pool.ranked_for(&asked.call.method) {
            match sending.to(&member).await {
                RelayOutcome::Taken(answer) | RelayOutcome::Duplicate(answer) | RelayOutcome::Refused(answer) => {
                    return (StatusCode::OK, CallReply::Whole(answer));
                }
                RelayOutcome::Unknown(error) => return unknown(asked, &[(member, error)]),
                RelayOutcome::NotSent(error) => unsent.push((member, error)),
            }
        }
        nowhere(asked, &unsent)
    }
}

type Lost = (Arc<Member>, RpcError);

fn reasons(lost: &[Lost]) -> String {
    lost.iter().map(|(member, error)| format!("; {}: {error}", member.name)).collect()
}

/// With status 200: clients take any other for leave to try again, some with a new signature.
fn unknown(asked: &PendingCall<'_>, lost: &[Lost]) -> (StatusCode, CallReply) {
    (StatusCode::OK, CallReply::error(asked.call.id, -32000, &format!("{UNKNOWN}{}", reasons(lost))))
}

fn nowhere(asked: &PendingCall<'_>, unsent: &[Lost]) -> (StatusCode, CallReply) {
    let text = format!("no endpoint could be reached, and nothing was sent{}", reasons(unsent));
    (StatusCode::SERVICE_UNAVAILABLE, CallReply::error(asked.call.id, -32000, &text))
}

/// What is sent, and how long to wait for each answer.
#[derive(Clone)]
struct Sending {
    pool: Pool,
    client: Arc<Client>,
    method: String,
    id: Option<String>,
    body: Bytes,
    patience: Duration,
}

impl Sending {
    fn new(asked: &PendingCall<'_>, pool: &Pool, client: &Arc<Client>, patience: Duration) -> Self {
        Self {
            pool: pool.clone(),
            client: Arc::clone(client),
            method: asked.call.method.clone(),
            id: asked.call.id.map(str::to_owned),
            body: asked.body.clone(),
            patience,
        }
    }

    /// Sends it and records the outcome: an endpoint that takes no broadcasts must not stay the first.
    async fn to(&self, member: &Member) -> RelayOutcome {
        let outcome = self.try_to(member).await;
        match &outcome {
            RelayOutcome::Unknown(error) | RelayOutcome::NotSent(error) => member.read_failed(&self.method, error),
            RelayOutcome::Taken(_) | RelayOutcome::Duplicate(_) | RelayOutcome::Refused(_) => {
                member.served(&self.method)
            }
        }
        outcome
    }

    async fn try_to(&self, member: &Member) -> RelayOutcome {
        let (client, profile) = (&self.client, self.pool.profile());
        if let Gate::Barred(error) = member.gate(Instant::now(), profile.chain_id) {
            return RelayOutcome::NotSent(error);
        }
        if let Err(error) = client.bounded(ensure_right_chain(client, member, profile)).await {
            return RelayOutcome::NotSent(error);
        }
        member.spend(1);
        let after = self.patience;
        let answer = tokio::time::timeout(after, async {
            let response = client.transport().post(&member.endpoint, self.body.clone(), Some(after)).await?;
            client.transport().body(response, &member.endpoint).await
        });
        match answer.await {
            Ok(Ok(answer)) => self.judge(answer, member),
            Ok(Err(error)) if error.sent() == Sent::No => RelayOutcome::NotSent(error),
            Ok(Err(error)) => RelayOutcome::Unknown(error),
            Err(_) => RelayOutcome::Unknown(RpcError::Timeout { phase: RequestPhase::Answering, after }),
        }
    }

    fn judge(&self, answer: Bytes, member: &Member) -> RelayOutcome {
        match RawAnswer::read(&answer) {
            Err(error) => RelayOutcome::Unknown(error),
            Ok(read) if !read.answers(self.id.as_deref()) => RelayOutcome::Unknown(RpcError::WrongId),
            Ok(RawAnswer { outcome: Ok(_), .. }) => RelayOutcome::Taken(answer),
            Ok(RawAnswer { outcome: Err(error), .. }) => {
                let error = node_error(error, member);
                match error.refusal {
                    NodeRefusal::Duplicate => RelayOutcome::Duplicate(answer),
                    _ if error.is_gateway_trouble() => RelayOutcome::Unknown(RpcError::Node(error)),
                    // The node has not looked at the transaction.
                    _ if error.is_of_this_node() => RelayOutcome::NotSent(RpcError::Node(error)),
                    _ => RelayOutcome::Refused(answer),
                }
            }
        }
    }
}
