//! Reads: relayed to the best endpoint, and to the next if that one fails.

use dogwatch_agreement::Standing;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use tokio::time::Instant;

use crate::error::RpcError;
use crate::gateway::answer::CallReply;
use crate::gateway::handle::Gateway;
use crate::gateway::pending::{PendingCall, Whole};
use crate::gateway::question::{Question, prove, prove_batch};
use crate::gateway::request::ClientCall;
use crate::gateway::stream::streamed;
use crate::jsonrpc::{RawAnswer, begins_like_an_answer};
use crate::pool::{Member, Pool};
use crate::read::{Deadlines, ReadError};
use crate::transport::Transport;

/// Longer answers are streamed, in bytes: holding them costs memory, and parsing them costs time.
const STREAMED_FROM: usize = 256 << 10;

/// A proven answer.
enum Passed {
    Whole(Bytes),
    /// Its beginning, and the response with the rest.
    Streamed(Bytes, reqwest::Response, Arc<Member>),
}

impl Gateway {
    pub(super) async fn read(&self, asked: &PendingCall<'_>, whole: Whole) -> (StatusCode, CallReply) {
        let Some((pool, client)) = self.pool_of(asked.chain) else { return unserved(asked.call, "no such chain here") };
        let block = asked.call.block().map(|(form, number)| (asked.chain, form, number));
        if let Some(result) = block.and_then(|key| self.inner.blocks.get(&key))
            && let Ok(result) = std::str::from_utf8(&result)
        {
            return (StatusCode::OK, CallReply::result(asked.call.id, result));
        }
        let members = with_budget(pool, &asked.call.method, 1);
        if members.is_empty() {
            return unserved(asked.call, "the request budgets of all endpoints are used up: try again in a second");
        }
        let question = Arc::new(Question {
            method: asked.call.method.clone(),
            id: asked.call.id.map(str::to_owned),
            whole,
            refusal: Mutex::default(),
        });
        let read = pool.first(&question.method, members, (client, deadlines(asked.until)), |member| {
            let (client, body, question) = (Arc::clone(client), asked.body.clone(), Arc::clone(&question));
            async move { pass(client.transport(), member, body, &question).await }
        });
        match read.await {
            Ok((source, Passed::Whole(answer))) => {
                if let (Some(key), Some(agreement)) = (block, pool.agreement())
                    && let Some(irreversible) = agreement.irreversible
                    && agreement.standings.contains(&(source, Standing::Sound))
                    && let Ok(RawAnswer { outcome: Ok(result), .. }) = RawAnswer::read(&answer)
                {
                    self.inner.blocks.keep(key, irreversible, result);
                }
                (StatusCode::OK, CallReply::Whole(answer))
            }
            Ok((_, Passed::Streamed(start, rest, member))) => {
                (StatusCode::OK, CallReply::Streamed(streamed(Arc::clone(client), start, rest, member, question)))
            }
            Err(error) => {
                let refusal = question.refusal.lock().unwrap_or_else(PoisonError::into_inner).take();
                match refusal {
                    Some(refusal) => (StatusCode::OK, CallReply::Whole(refusal)),
                    None => unserved(asked.call, &error.to_string()),
                }
            }
        }
    }

    /// Has one endpoint answer a batch as a whole; `None` if none does.
    pub(super) async fn read_batch(
        &self,
        chain: usize,
        calls: &[(ClientCall<'_>, &str)],
        body: &Bytes,
        until: Instant,
    ) -> Option<CallReply> {
        let (pool, client) = self.pool_of(chain)?;
        let mut members = with_budget(pool, BATCH, calls.len());
        members.retain(|member| member.state().client_batches.worth_a_try(Instant::now()));
        let expected: Arc<Vec<(String, Option<String>)>> =
            Arc::new(calls.iter().map(|(call, _)| (call.method.clone(), call.id.map(str::to_owned))).collect());
        // If none does, the calls are asked one by one in the other half of the time.
        let half = Deadlines { whole: deadlines(until).whole.mul_f32(0.5), each: deadlines(until).each };
        let read: Result<_, ReadError> = pool
            .first(BATCH, members, (client, half), |member| {
                let (client, body, expected) = (Arc::clone(client), body.clone(), Arc::clone(&expected));
                async move {
                    // Endpoints that count requests mostly count calls.
                    member.spend(expected.len().saturating_sub(1));
                    let transport = client.transport();
                    let response = transport.post(&member.endpoint, body, None).await?;
                    let answer = transport.body(response, &member.endpoint).await?;
                    prove_batch(&answer, &expected, &member)?;
                    member.state().client_batches.answered();
                    Ok(answer)
                }
            })
            .await;
        read.ok().map(|(_, answer)| CallReply::Whole(answer))
    }
}

fn deadlines(until: Instant) -> Deadlines {
    let left = until.saturating_duration_since(Instant::now());
    Deadlines { whole: left, each: left }
}

/// The method that stands for a batch in an endpoint's health.
const BATCH: &str = "batch";

/// The endpoints with budget left, the best first: relayed requests do not overdraw a budget. If only endpoints of last
/// resort have budget left, none is asked.
fn with_budget(pool: &Pool, method: &str, calls: usize) -> Vec<Arc<Member>> {
    let mut members = pool.ranked_for(method);
    let (now, calls) = (Instant::now(), u32::try_from(calls).unwrap_or(u32::MAX));
    let sound = |members: &[Arc<Member>]| members.iter().any(|member| !member.is_last_resort());
    let there_were_sound = sound(&members);
    members.retain(|member| member.state().budget.left(now) >= calls);
    if there_were_sound && !sound(&members) {
        members.clear();
    }
    members
}

fn unserved(call: &ClientCall<'_>, why: &str) -> (StatusCode, CallReply) {
    (StatusCode::SERVICE_UNAVAILABLE, CallReply::error(call.id, -32000, why))
}

async fn pass(
    transport: &Transport,
    member: Arc<Member>,
    body: Bytes,
    question: &Question,
) -> Result<Passed, RpcError> {
    let mut response = transport.post(&member.endpoint, body, None).await?;
    if question.whole == Whole::Yes {
        let answer = transport.body(response, &member.endpoint).await?;
        prove(&answer, question, &member)?;
        return Ok(Passed::Whole(answer));
    }
    let length = response.content_length();
    let mut held = BytesMut::new();
    while let Some(chunk) = transport.chunk(&mut response, &member.endpoint).await? {
        if held.is_empty() && length == u64::try_from(chunk.len()).ok() {
            prove(&chunk, question, &member)?;
            return Ok(Passed::Whole(chunk));
        }
        held.extend_from_slice(&chunk);
        if held.len() > STREAMED_FROM {
            begins_like_an_answer(&held)?;
            return Ok(Passed::Streamed(held.freeze(), response, member));
        }
    }
    let answer = held.freeze();
    prove(&answer, question, &member)?;
    Ok(Passed::Whole(answer))
}
