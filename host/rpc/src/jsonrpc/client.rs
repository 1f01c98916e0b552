//! The JSON-RPC client: sends calls to endpoints and proves their answers.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::{RequestPhase, RpcError};
use crate::jsonrpc::envelope::{self, Answer, Batch, RpcCall};
use crate::jsonrpc::proof::{prove, prove_batch};
use crate::options::{OptionsError, PoolOptions};
use crate::transport::{AnswerDate, Transport};

/// Sends calls to endpoints and proves their answers.
#[derive(Debug)]
pub(crate) struct Client {
    transport: Transport,
    next_id: AtomicU64,
}

/// A request's bytes, and the id that its answer must carry.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    id: u64,
    method: &'static str,
    body: Bytes,
}

impl Encoded {
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }
}

impl Client {
    /// A client for these endpoints and any whose name DNS resolves.
    pub(crate) fn new<'a>(
        options: PoolOptions,
        endpoints: impl Iterator<Item = &'a Endpoint>,
    ) -> Result<Self, OptionsError> {
        Ok(Self { transport: Transport::new(options, endpoints)?, next_id: AtomicU64::new(1) })
    }

    pub(crate) fn options(&self) -> &PoolOptions {
        self.transport.options()
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Bounds everything that one operation asks of one endpoint by the total timeout.
    pub(crate) async fn bounded<T>(&self, work: impl Future<Output = Result<T, RpcError>>) -> Result<T, RpcError> {
        let after = self.options().total_timeout;
        match tokio::time::timeout(after, work).await {
            Ok(result) => result,
            Err(_) => Err(RpcError::Timeout { phase: RequestPhase::Answering, after }),
        }
    }

    /// Makes one call; the answer is a result or the node's error.
    pub(crate) async fn ask(&self, endpoint: &Endpoint, call: &RpcCall) -> Result<Answer, RpcError> {
        Ok(self.ask_dated(endpoint, call).await?.0)
    }

    /// The same, with the date of the answer.
    pub(crate) async fn ask_dated(
        &self,
        endpoint: &Endpoint,
        call: &RpcCall,
    ) -> Result<(Answer, Option<AnswerDate>), RpcError> {
        self.exchange(endpoint, self.encode(call)).await
    }

    /// Makes one call; the node's error is an error like any other.
    pub(crate) async fn call(&self, endpoint: &Endpoint, call: &RpcCall) -> Result<Value, RpcError> {
        self.ask(endpoint, call).await?.map_err(RpcError::Node)
    }

    /// Makes several calls in one request. The answer comes with its date.
    pub(crate) async fn batch(
        &self,
        endpoint: &Endpoint,
        calls: &[RpcCall],
    ) -> Result<(Batch, Option<AnswerDate>), RpcError> {
        let ids: Vec<u64> = calls.iter().map(|_| self.id()).collect();
        let requests: Vec<Value> = calls.iter().zip(&ids).map(|(call, id)| envelope::request(call, *id)).collect();
        let body = Value::Array(requests).to_string().into();
        match self.transport.exchange(endpoint, body, |body| prove_batch(body, &ids, endpoint)).await {
            Ok((answers, date)) => Ok((answers.map_or(Batch::Refused, Batch::Each), date)),
            // Gateways that take a batch for a malformed or oversized request answer these.
            Err(RpcError::Http { status: 400 | 413 | 422 | 501, .. }) => Ok((Batch::Refused, None)),
            Err(error) => Err(error),
        }
    }

    /// Encodes a call, to send the same bytes to several endpoints.
    pub(crate) fn encode(&self, call: &RpcCall) -> Encoded {
        let id = self.id();
        Encoded { id, method: call.method, body: envelope::request(call, id).to_string().into() }
    }

    pub(crate) async fn send(&self, endpoint: &Endpoint, request: Encoded) -> Result<Answer, RpcError> {
        Ok(self.exchange(endpoint, request).await?.0)
    }

    async fn exchange(&self, endpoint: &Endpoint, request: Encoded) -> Result<(Answer, Option<AnswerDate>), RpcError> {
        self.transport.exchange(endpoint, request.body, |body| prove(body, request.id, endpoint)).await
    }

    fn id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}
