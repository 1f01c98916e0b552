//! JSON-RPC over HTTP: one request, and proof that the answer is its answer.

use std::error::Error as _;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode, redirect};
use serde_json::Value;
use url::Url;

use crate::endpoint::Endpoint;
use crate::envelope::{self, Answer, Batch, Call};
use crate::error::{Phase, RpcError};
use crate::options::{OptionsError, PoolOptions};
use crate::text;

/// The shared HTTP client and its limits.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    options: PoolOptions,
    next_id: AtomicU64,
}

/// A request's bytes, and the id its answer must bear.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    id: u64,
    method: &'static str,
    body: Vec<u8>,
}

impl Encoded {
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }
}

impl Client {
    pub(crate) fn new(options: PoolOptions) -> Result<Self, OptionsError> {
        options.check()?;
        // reqwest asks rustls for the process's provider; whoever installed one before is left in place.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(concat!("dogwatch/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(options.connect_timeout)
            // A proxy set for browsers would see every token and could answer in the node's stead.
            .no_proxy()
            .referer(false)
            .build()
            .map_err(|error| OptionsError::Client(text::one_line(&innermost(&error))))?;
        Ok(Self { http, options, next_id: AtomicU64::new(1) })
    }

    pub(crate) fn options(&self) -> &PoolOptions {
        &self.options
    }

    /// Bounds all that is asked of one endpoint in one go.
    pub(crate) async fn bounded<T>(&self, work: impl Future<Output = Result<T, RpcError>>) -> Result<T, RpcError> {
        let after = self.options.total_timeout;
        match tokio::time::timeout(after, work).await {
            Ok(result) => result,
            Err(_) => Err(RpcError::Timeout { phase: Phase::Answering, after }),
        }
    }

    /// One call, its answer a result or the node's error.
    pub(crate) async fn ask(&self, endpoint: &Endpoint, call: &Call) -> Result<Answer, RpcError> {
        self.send(endpoint, self.encode(call)).await
    }

    /// One call whose refusal is an error like any other.
    pub(crate) async fn call(&self, endpoint: &Endpoint, call: &Call) -> Result<Value, RpcError> {
        self.ask(endpoint, call).await?.map_err(RpcError::Node)
    }

    /// Several calls in one request.
    pub(crate) async fn batch(&self, endpoint: &Endpoint, calls: &[Call]) -> Result<Batch, RpcError> {
        let ids: Vec<u64> = calls.iter().map(|_| self.id()).collect();
        let requests: Vec<Value> = calls.iter().zip(&ids).map(|(call, id)| envelope::request(call, *id)).collect();
        match self.post(endpoint, Value::Array(requests).to_string().into_bytes()).await {
            Ok(answer) => envelope::batch(answer, &ids, endpoint),
            // What gateways answer that take a batch for a malformed or oversized request.
            Err(RpcError::Http { status: 400 | 413 | 422 | 501 }) => Ok(Batch::Refused),
            Err(error) => Err(error),
        }
    }

    /// Encodes a call, to send the same bytes to several endpoints.
    pub(crate) fn encode(&self, call: &Call) -> Encoded {
        let id = self.id();
        Encoded { id, method: call.method, body: envelope::request(call, id).to_string().into_bytes() }
    }

    pub(crate) async fn send(&self, endpoint: &Endpoint, request: Encoded) -> Result<Answer, RpcError> {
        let answer = self.post(endpoint, request.body).await?;
        envelope::single(answer, request.id, endpoint)
    }

    fn id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    async fn post(&self, endpoint: &Endpoint, body: Vec<u8>) -> Result<Value, RpcError> {
        let json = HeaderValue::from_static("application/json");
        // A body of known length: hived takes a chunked one for empty.
        let request = self.http.post(endpoint.url().clone()).header(CONTENT_TYPE, json).body(body);
        let response = request.send().await.map_err(|error| self.transport(&error, endpoint))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(RpcError::Redirect {
                status: status.as_u16(),
                to_https_same_host: leads_to_https(&response, endpoint.url()),
            });
        }
        if status != StatusCode::OK {
            return Err(RpcError::Http { status: status.as_u16() });
        }
        parse(&self.read(response, endpoint).await?)
    }

    async fn read(&self, mut response: Response, endpoint: &Endpoint) -> Result<Vec<u8>, RpcError> {
        let limit = self.options.body_limit;
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(RpcError::TooLarge { limit });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport(&error, endpoint))? {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(RpcError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn transport(&self, error: &reqwest::Error, endpoint: &Endpoint) -> RpcError {
        let what = text::one_line(&endpoint.scrub(&innermost(error)));
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => RpcError::Timeout { phase: Phase::Connecting, after: self.options.connect_timeout },
            (true, false) if is_tls(error) => RpcError::Tls { what },
            (true, false) => RpcError::NotReachable { what },
            (false, _) => RpcError::Broken { what },
        }
    }
}

fn parse(body: &[u8]) -> Result<Value, RpcError> {
    serde_json::from_slice(body).map_err(|error| RpcError::NotJson {
        what: match (body.is_empty(), error.is_eof()) {
            (true, _) => "it is empty".to_owned(),
            (false, true) => format!("it breaks off after {} bytes", body.len()),
            (false, false) => format!("at line {}, column {}", error.line(), error.column()),
        },
    })
}

/// The text of the cause at the bottom; those above it repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else { return "no cause given".to_owned() };
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(this) = cause {
        // An `io::Error` hides the error it was made of from `source`, and there may be several around each other.
        let mut inside = this;
        while let Some(inner) = inside.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
            inside = inner;
        }
        if inside.is::<rustls::Error>() {
            return true;
        }
        cause = this.source();
    }
    false
}

fn leads_to_https(response: &Response, from: &Url) -> bool {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    location.and_then(|text| from.join(text).ok()).is_some_and(|to| {
        from.scheme() == "http" && to.scheme() == "https" && to.host() == from.host() && to.path() == from.path()
    })
}
