//! Reads: passed on to the best endpoint, and to the next where that one fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::StatusCode;
use hyper::body::Frame;
use serde_json::Value;
use tokio::time::Instant;

use crate::client::Client;
use crate::error::RpcError;
use crate::gateway::answer::{Body, Reply};
use crate::gateway::request::Call;
use crate::gateway::{Asked, Gateway, Whole};
use crate::member::{Batches, Member};
use crate::pool::Pool;
use crate::proof::{RawAnswer, begins_like_an_answer, shape_of};
use crate::read::{Deadlines, ReadError};
use crate::refusal::NodeError;
use crate::standing::Standing;
use crate::transport::Transport;

/// Longer answers are passed on as they come: holding them costs memory, and taking them apart time.
const STREAMED_FROM: usize = 256 << 10;
/// However long it is in all.
const STREAMED_UP_TO: usize = 256 << 20;
/// How long the next piece of a streamed answer may take.
const NEXT_PIECE: Duration = Duration::from_secs(10);

/// What to prove of an answer before it is passed on.
#[derive(Debug)]
struct Question {
    method: String,
    id: Option<String>,
    whole: Whole,
    /// The error of a node that does not offer the method: the answer, if no other node does.
    refusal: Mutex<Option<Bytes>>,
}

/// A proven answer.
enum Passed {
    Whole(Bytes),
    /// Its beginning, and where the rest comes from.
    Streamed(Bytes, reqwest::Response, Arc<Member>),
}

impl Gateway {
    pub(super) async fn read(&self, asked: &Asked<'_>, whole: Whole) -> (StatusCode, Reply) {
        let Some((pool, client)) = self.way(asked.chain) else { return unserved(asked.call, "no such chain here") };
        let block = asked.call.block().map(|(form, number)| (asked.chain, form, number));
        if let Some(result) = block.and_then(|key| self.inner.blocks.get(&key))
            && let Ok(result) = std::str::from_utf8(&result)
        {
            return (StatusCode::OK, Reply::result(asked.call.id, result));
        }
        let members = with_budget(pool, &asked.call.method, 1);
        if members.is_empty() {
            return unserved(asked.call, "the request budgets of all endpoints are used up; try again in a second");
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
                (StatusCode::OK, Reply::Whole(answer))
            }
            Ok((_, Passed::Streamed(start, rest, member))) => {
                (StatusCode::OK, Reply::Streamed(streamed(Arc::clone(client), start, rest, member, question)))
            }
            Err(error) => {
                let refusal = question.refusal.lock().unwrap_or_else(PoisonError::into_inner).take();
                match refusal {
                    Some(refusal) => (StatusCode::OK, Reply::Whole(refusal)),
                    None => unserved(asked.call, &error.to_string()),
                }
            }
        }
    }

    /// Has one endpoint answer a batch as a whole; nothing where none does.
    pub(super) async fn read_batch(
        &self,
        chain: usize,
        calls: &[(Call<'_>, &str)],
        body: &Bytes,
        until: Instant,
    ) -> Option<Reply> {
        let (pool, client) = self.way(chain)?;
        let mut members = with_budget(pool, BATCH, calls.len());
        members.retain(|member| member.state().client_batches == Batches::Taken);
        let expected: Arc<Vec<(String, Option<String>)>> =
            Arc::new(calls.iter().map(|(call, _)| (call.method.clone(), call.id.map(str::to_owned))).collect());
        // Should it come to nothing, the calls are asked one by one in the other half.
        let half = Deadlines { whole: deadlines(until).whole.mul_f32(0.5), each: deadlines(until).each };
        let read: Result<_, ReadError> = pool
            .first(BATCH, members, (client, half), |member| {
                let (client, body, expected) = (Arc::clone(client), body.clone(), Arc::clone(&expected));
                async move {
                    // Those who count requests mostly count calls.
                    member.spend(expected.len().saturating_sub(1));
                    let transport = client.transport();
                    let response = transport.post(&member.endpoint, body, None).await?;
                    let answer = transport.body(response, &member.endpoint).await?;
                    prove_batch(&answer, &expected, &member)?;
                    Ok(answer)
                }
            })
            .await;
        read.ok().map(|(_, answer)| Reply::Whole(answer))
    }
}

fn deadlines(until: Instant) -> Deadlines {
    let left = until.saturating_duration_since(Instant::now());
    Deadlines { whole: left, each: left }
}

/// The method that stands for a batch in an endpoint's health.
const BATCH: &str = "batch";

/// The endpoints to ask, the best first: what only relays does not overdraw a budget.
///
/// One that is a last resort does not become better because the others' budgets are used up.
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

fn unserved(call: &Call<'_>, why: &str) -> (StatusCode, Reply) {
    (StatusCode::SERVICE_UNAVAILABLE, Reply::error(call.id, -32000, why))
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

fn prove(body: &Bytes, question: &Question, member: &Member) -> Result<(), RpcError> {
    let answer = RawAnswer::read(body)?;
    if !answer.answers(question.id.as_deref()) {
        return Err(RpcError::WrongId);
    }
    match answer.outcome {
        Ok(result) => shape_of(&question.method, result),
        Err(error) => {
            let error = node_error(error, member);
            if error.is_of_this_node() {
                *question.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(body.clone());
                return Err(RpcError::Node(error));
            }
            Ok(())
        }
    }
}

fn prove_batch(body: &[u8], expected: &[(String, Option<String>)], member: &Member) -> Result<(), RpcError> {
    let Some(answers) = RawAnswer::read_batch(body)? else {
        member.state().client_batches = Batches::Refused;
        return Err(RpcError::NotJsonRpc { what: "one answer for a whole batch" });
    };
    if answers.len() != expected.len() {
        return Err(RpcError::NotJsonRpc { what: "the batch lacks an answer" });
    }
    let mut left: Vec<&RawAnswer<'_>> = answers.iter().collect();
    for (method, id) in expected {
        let place = left.iter().position(|answer| answer.answers(id.as_deref())).ok_or(RpcError::WrongId)?;
        match left.remove(place).outcome {
            Ok(result) => shape_of(method, result)?,
            Err(error) => {
                let error = node_error(error, member);
                if error.is_of_this_node() {
                    return Err(RpcError::Node(error));
                }
            }
        }
    }
    Ok(())
}

pub(super) fn node_error(error: &str, member: &Member) -> NodeError {
    NodeError::read(&serde_json::from_str(error).unwrap_or_default(), &member.endpoint)
}

/// A body that comes from the endpoint piece by piece. Where that breaks off, or turns out to be the answer to something
/// else, so does the client's: a whole answer is always a proven one.
fn streamed(
    client: Arc<Client>,
    start: Bytes,
    rest: reqwest::Response,
    member: Arc<Member>,
    question: Arc<Question>,
) -> Body {
    let end = End::of(&start);
    let state = Some(Streaming { rest, passed: start.len(), end });
    let pieces = stream::unfold(state, move |state| {
        let (client, member, question) = (Arc::clone(&client), Arc::clone(&member), Arc::clone(&question));
        async move {
            let mut state = state?;
            match next_piece(client.transport(), &member, &mut state).await {
                Ok(Some(piece)) => Some((Ok(Frame::data(piece)), Some(state))),
                Ok(None) if state.end.names(question.id.as_deref()) => None,
                ended => {
                    let error = ended.err().unwrap_or(RpcError::WrongId);
                    member.read_failed(&question.method, &error);
                    Some((Err(error), None))
                }
            }
        }
    });
    let start = stream::once(async move { Ok(Frame::data(start)) });
    StreamBody::new(futures_util::StreamExt::chain(start, pieces)).boxed_unsync()
}

struct Streaming {
    rest: reqwest::Response,
    passed: usize,
    end: End,
}

async fn next_piece(transport: &Transport, member: &Member, state: &mut Streaming) -> Result<Option<Bytes>, RpcError> {
    let next = transport.chunk(&mut state.rest, &member.endpoint);
    let piece = tokio::time::timeout(NEXT_PIECE, next)
        .await
        .unwrap_or(Err(RpcError::Timeout { phase: crate::error::Phase::Answering, after: NEXT_PIECE }))?;
    if let Some(piece) = &piece {
        state.passed = state.passed.saturating_add(piece.len());
        if state.passed > STREAMED_UP_TO {
            return Err(RpcError::TooLarge { limit: STREAMED_UP_TO });
        }
        state.end.push(piece);
    }
    Ok(piece)
}

/// The beginning and the end of a long answer: nodes write the id in either.
struct End {
    start: Bytes,
    tail: Vec<u8>,
}

/// Room for the longest id that is looked for, and what stands around it.
const ENDS: usize = 512;

impl End {
    fn of(start: &Bytes) -> Self {
        let mut end = Self { start: start.slice(..start.len().min(ENDS)), tail: Vec::new() };
        end.push(start);
        end
    }

    fn push(&mut self, piece: &[u8]) {
        self.tail.extend_from_slice(piece.get(piece.len().saturating_sub(ENDS)..).unwrap_or_default());
        let surplus = self.tail.len().saturating_sub(ENDS);
        self.tail.drain(..surplus);
    }

    /// Whether it bears that id, however that is written, and ends like an object.
    fn names(&self, id: Option<&str>) -> bool {
        let bears = match id {
            None => true,
            // Too long to be found in the ends.
            Some(id) if id.len() > ENDS / 2 => true,
            Some(id) => match serde_json::from_str::<Value>(id) {
                Ok(id) => ids(&self.start).chain(ids(&self.tail)).any(|found| found == id),
                Err(_) => false,
            },
        };
        bears && self.tail.trim_ascii_end().ends_with(b"}")
    }
}

/// The values of all members that are called `id`.
fn ids(text: &[u8]) -> impl Iterator<Item = Value> {
    let text = String::from_utf8_lossy(text).into_owned();
    let after: Vec<String> = text.split("\"id\"").skip(1).map(str::to_owned).collect();
    after.into_iter().filter_map(|rest| {
        let value = rest.trim_start().strip_prefix(':')?;
        serde_json::Deserializer::from_str(value).into_iter::<Value>().next()?.ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_long_answer_tell_whose_it_is() {
        let long = "x".repeat(5000);
        let names = |text: &str, id| {
            let (start, rest) = text.split_at(1000);
            let mut end = End::of(&Bytes::copy_from_slice(start.as_bytes()));
            rest.as_bytes().chunks(7).for_each(|piece| end.push(piece));
            end.names(id)
        };
        let last = format!("{{\"jsonrpc\":\"2.0\",\"result\":\"{long}\", \"id\" : 7}}\n");
        let first = format!("{{\"id\":\"a b\",\"jsonrpc\":\"2.0\",\"result\":\"{long}\"}}");
        assert!(names(&last, Some("7")) && !names(&last, Some("8")) && !names(&last, Some("\"7\"")));
        assert!(names(&first, Some("\"a b\"")) && !names(&first, Some("\"ab c\"")));
        let escaped = format!("{{\"jsonrpc\":\"2.0\",\"result\":\"{long}\",\"id\":\"wallet/\u{e9}\"}}");
        assert!(names(&escaped, Some(r#""wallet\/\u00e9""#)), "the same id, written otherwise");
        assert!(names(&last, None), "a client that gave no id takes any");
        assert!(!names(&format!("{{\"id\":7,\"result\":\"{long}"), Some("7")), "it breaks off");
    }
}
