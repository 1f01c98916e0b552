//! Broadcasts: the client's own bytes, to several endpoints at once, and no second signature ever.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::chain_check;
use crate::error::{Phase, RpcError, Sent};
use crate::gateway::answer::Reply;
use crate::gateway::relay::node_error;
use crate::gateway::{Asked, Gateway};
use crate::member::{Gate, Member};
use crate::pool::Pool;
use crate::proof::RawAnswer;
use crate::refusal::Refusal;

/// Told to the client where it cannot be known: an error that invites no new signature.
const UNKNOWN: &str = "no endpoint has confirmed the transaction, and it may have arrived: look for it on the chain, \
    and send the same bytes again if it is not there";

/// What one endpoint made of the client's bytes.
enum Outcome {
    /// It took them.
    Taken(Bytes),
    /// It had them already.
    Duplicate(Bytes),
    /// It understood and refused.
    Refused(Bytes),
    /// They may have arrived.
    Unknown(RpcError),
    /// They surely did not.
    NotSent(RpcError),
}

impl Gateway {
    /// Hands a transaction to several endpoints at once. The first that takes it answers; the others get it all the same.
    pub(super) async fn broadcast(&self, asked: &Asked<'_>) -> (StatusCode, Reply) {
        let Some(pool) = self.pool(asked.chain) else { return nowhere(asked, &[]) };
        let mut members = pool.ranked_for(&asked.call.method);
        members.truncate(pool.client().options().fan_out);
        let (sender, mut outcomes) = mpsc::channel(members.len().max(1));
        let patience = pool.client().options().total_timeout;
        for member in members {
            let (pool, body, sender) = (pool.clone(), asked.body.clone(), sender.clone());
            let (id, method) = (asked.call.id.map(str::to_owned), asked.call.method.clone());
            tokio::spawn(async move {
                let outcome = send(&pool, &member, &method, body, id.as_deref(), patience).await;
                let _ = sender.send((member, outcome)).await;
            });
        }
        drop(sender);
        let (mut duplicate, mut refused, mut lost, mut unsent) = (None, None, Vec::new(), Vec::new());
        while let Some((member, outcome)) = outcomes.recv().await {
            match outcome {
                Outcome::Taken(answer) => return (StatusCode::OK, Reply::Whole(answer)),
                Outcome::Duplicate(answer) => duplicate = Some(answer),
                Outcome::Refused(answer) => refused = refused.or(Some(answer)),
                Outcome::Unknown(error) => lost.push((member, error)),
                Outcome::NotSent(error) => unsent.push((member, error)),
            }
        }
        match (duplicate, refused) {
            // Another endpoint got it from us a moment ago, and gossip was quicker than its answer.
            (Some(_), _) if !lost.is_empty() => (StatusCode::OK, Reply::result(asked.call.id, "{}")),
            (Some(answer), _) => (StatusCode::OK, Reply::Whole(answer)),
            (None, Some(answer)) if lost.is_empty() => (StatusCode::OK, Reply::Whole(answer)),
            (None, _) if !lost.is_empty() => unknown(asked, &lost),
            _ => nowhere(asked, &unsent),
        }
    }

    /// Hands over what waits for a block: to one endpoint, and to the next only where it surely did not arrive.
    pub(super) async fn broadcast_and_wait(&self, asked: &Asked<'_>) -> (StatusCode, Reply) {
        let Some(pool) = self.pool(asked.chain) else { return nowhere(asked, &[]) };
        let patience = self.options().broadcast_deadline;
        let mut unsent = Vec::new();
        for member in pool.ranked_for(&asked.call.method) {
            match send(pool, &member, &asked.call.method, asked.body.clone(), asked.call.id, patience).await {
                Outcome::Taken(answer) | Outcome::Duplicate(answer) | Outcome::Refused(answer) => {
                    return (StatusCode::OK, Reply::Whole(answer));
                }
                Outcome::Unknown(error) => return unknown(asked, &[(member, error)]),
                Outcome::NotSent(error) => unsent.push((member, error)),
            }
        }
        nowhere(asked, &unsent)
    }
}

type Lost = (Arc<Member>, RpcError);

fn reasons(lost: &[Lost]) -> String {
    lost.iter().map(|(member, error)| format!("; {}: {error}", member.name)).collect()
}

/// Status 200: clients take another one for leave to try again, some with a new signature.
fn unknown(asked: &Asked<'_>, lost: &[Lost]) -> (StatusCode, Reply) {
    (StatusCode::OK, Reply::error(asked.call.id, -32000, &format!("{UNKNOWN}{}", reasons(lost))))
}

fn nowhere(asked: &Asked<'_>, unsent: &[Lost]) -> (StatusCode, Reply) {
    let text = format!("no endpoint could be reached, and nothing was sent{}", reasons(unsent));
    (StatusCode::SERVICE_UNAVAILABLE, Reply::error(asked.call.id, -32000, &text))
}

/// Sends it, and remembers how that went: an endpoint that takes no broadcasts is not to be the first for ever.
async fn send(
    pool: &Pool,
    member: &Member,
    method: &str,
    body: Bytes,
    id: Option<&str>,
    patience: Duration,
) -> Outcome {
    let outcome = try_to_send(pool, member, body, id, patience).await;
    match &outcome {
        Outcome::Unknown(error) | Outcome::NotSent(error) => member.read_failed(method, error),
        Outcome::Taken(_) | Outcome::Duplicate(_) | Outcome::Refused(_) => member.served(method),
    }
    outcome
}

async fn try_to_send(pool: &Pool, member: &Member, body: Bytes, id: Option<&str>, patience: Duration) -> Outcome {
    if let Gate::Barred(error) = member.gate(Instant::now(), pool.profile().chain_id) {
        return Outcome::NotSent(error);
    }
    let checked = chain_check::ensure(pool.client(), member, pool.profile());
    match tokio::time::timeout(pool.client().options().total_timeout, checked).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Outcome::NotSent(error),
        Err(_) => {
            let after = pool.client().options().total_timeout;
            return Outcome::NotSent(RpcError::Timeout { phase: Phase::Connecting, after });
        }
    }
    member.spend(1);
    let transport = pool.client().transport();
    let answer = tokio::time::timeout(patience, async {
        let response = transport.post(&member.endpoint, body, Some(patience)).await?;
        transport.body(response, &member.endpoint).await
    });
    let answer = match answer.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) if error.sent() == Sent::No => return Outcome::NotSent(error),
        Ok(Err(error)) => return Outcome::Unknown(error),
        Err(_) => return Outcome::Unknown(RpcError::Timeout { phase: Phase::Answering, after: patience }),
    };
    match RawAnswer::read(&answer) {
        Err(error) => Outcome::Unknown(error),
        Ok(read) if !read.answers(id) => Outcome::Unknown(RpcError::WrongId),
        Ok(RawAnswer { outcome: Ok(_), .. }) => Outcome::Taken(answer),
        Ok(RawAnswer { outcome: Err(error), .. }) => {
            let error = node_error(error, member);
            match error.refusal {
                Refusal::Duplicate => Outcome::Duplicate(answer),
                _ if error.is_gateway_trouble() => Outcome::Unknown(RpcError::Node(error)),
                // The node never looked at the transaction.
                _ if error.is_of_this_node() => Outcome::NotSent(RpcError::Node(error)),
                _ => Outcome::Refused(answer),
            }
        }
    }
}
