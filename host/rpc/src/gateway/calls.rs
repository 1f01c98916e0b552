//! The calls of a request: one, or a batch.

use std::net::IpAddr;

use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::StatusCode;
use tokio::time::Instant;

use crate::gateway::answer::{self, CallReply, GatewayResponse};
use crate::gateway::handle::Gateway;
use crate::gateway::pending::{PendingCall, Whole};
use crate::gateway::request::{CallKind, ClientCall, ClientRequest};

/// Concurrent calls of a batch that is asked call by call.
const SINGLE_CALLS_AT_ONCE: usize = 8;
/// The longest reply to a batch that is joined here, in bytes.
const LONGEST_BATCH: usize = 16 << 20;

impl Gateway {
    pub(super) async fn rpc(&self, client: IpAddr, chain: usize, body: Bytes, until: Instant) -> GatewayResponse {
        let request = match ClientRequest::read(&body) {
            Ok(request) => request,
            Err(malformed) => {
                return CallReply::error(None, malformed.code, malformed.message).into_response(StatusCode::OK);
            }
        };
        let calls = match &request {
            ClientRequest::One(_) => 1,
            ClientRequest::Batch(calls) => calls.len(),
        };
        if calls > self.options().max_batch {
            let text = format!("the batch has {calls} calls; this gateway takes at most {}", self.options().max_batch);
            return CallReply::error(None, -32600, &text).into_response(StatusCode::OK);
        }
        // The first one was admitted before the body was read.
        if calls > 1 && !self.inner.clients.admit_rest(client, calls.saturating_sub(1)) {
            return answer::too_many(1);
        }
        match request {
            ClientRequest::One(call) => {
                let asked = PendingCall { chain, call: &call, body: body.clone(), until };
                let (status, reply) = self.one(asked, Whole::No).await;
                reply.into_response(status)
            }
            ClientRequest::Batch(calls) => self.batch(chain, &calls, &body, until).await.into_response(StatusCode::OK),
        }
    }

    async fn one(&self, asked: PendingCall<'_>, whole: Whole) -> (StatusCode, CallReply) {
        match asked.call.kind {
            CallKind::Read => self.read(&asked, whole).await,
            CallKind::Broadcast => self.broadcast(&asked).await,
            CallKind::BroadcastAndWait => self.broadcast_and_wait(&asked).await,
        }
    }

    /// Relays a batch of reads as a whole; if no endpoint answers it as a whole, or it is not only reads, call by call.
    async fn batch(&self, chain: usize, calls: &[(ClientCall<'_>, &str)], body: &Bytes, until: Instant) -> CallReply {
        let reads = calls.iter().all(|(call, _)| call.kind == CallKind::Read && call.block().is_none());
        if reads && let Some(answers) = self.read_batch(chain, calls, body, until).await {
            return answers;
        }
        let mut asking = Vec::with_capacity(calls.len());
        for (call, text) in calls {
            asking
                .push(self.one(PendingCall { chain, call, body: body.slice_ref(text.as_bytes()), until }, Whole::Yes));
        }
        let mut asking = futures_util::stream::iter(asking).buffered(SINGLE_CALLS_AT_ONCE);
        let (mut answers, mut length) = (Vec::with_capacity(calls.len()), 0_usize);
        while let Some((_, answer)) = asking.next().await {
            length = length.saturating_add(answer.len());
            let id = calls.get(answers.len()).and_then(|(call, _)| call.id);
            answers.push(match length <= LONGEST_BATCH {
                true => answer,
                false => {
                    CallReply::error(id, -32000, "the replies to this batch are too long in all: use smaller batches")
                }
            });
        }
        CallReply::joined(answers)
    }
}
