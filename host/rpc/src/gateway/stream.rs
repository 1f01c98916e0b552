//! Long answers, relayed piece by piece.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::Value;

use crate::error::{RequestPhase, RpcError};
use crate::gateway::answer::Body;
use crate::gateway::question::Question;
use crate::jsonrpc::Client;
use crate::pool::Member;
use crate::transport::Transport;

/// The longest streamed answer, in bytes.
const STREAMED_UP_TO: usize = 256 << 20;
/// How long the next piece of a streamed answer may take.
const NEXT_PIECE: Duration = Duration::from_secs(10);

/// A body that comes from the endpoint piece by piece. If that breaks off, or turns out to answer another request, the
/// client's body breaks off as well: a complete answer is always a proven one.
pub(super) fn streamed(
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
    StreamBody::new(start.chain(pieces)).boxed_unsync()
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
        .unwrap_or(Err(RpcError::Timeout { phase: RequestPhase::Answering, after: NEXT_PIECE }))?;
    if let Some(piece) = &piece {
        state.passed = state.passed.saturating_add(piece.len());
        if state.passed > STREAMED_UP_TO {
            return Err(RpcError::TooLarge { limit: STREAMED_UP_TO });
        }
        state.end.push(piece);
    }
    Ok(piece)
}

/// The beginning and the end of a long answer: nodes write the id at either.
struct End {
    start: Bytes,
    tail: Vec<u8>,
}

/// How much of each is kept, in bytes: the longest id that is looked for, and what surrounds it.
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

    /// Whether it carries that id, however the id is written, and ends like an object.
    fn names(&self, id: Option<&str>) -> bool {
        let bears = match id {
            None => true,
            // Too long to be found.
            Some(id) if id.len() > ENDS / 2 => true,
            Some(id) => match serde_json::from_str::<Value>(id) {
                Ok(id) => ids(&self.start).chain(ids(&self.tail)).any(|found| found == id),
                Err(_) => false,
            },
        };
        bears && self.tail.trim_ascii_end().ends_with(b"}")
    }
}

/// The values of all members named `id`.
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
