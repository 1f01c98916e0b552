//! The gateway: the pool, served to other programs as one JSON-RPC endpoint.
//!
//! Reads fail over; broadcasts are passed on as they are and never repeated blindly; what clients and nodes write is
//! not rewritten. Keep the pools polled ([`Pool::poll`], once a block), since the rank of endpoints and the agreement
//! behind `GET /health` come from there.

mod answer;
mod broadcast;
mod cache;
mod clients;
mod health;
mod relay;
mod request;
mod serve;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::{Method, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::client::Client;
use crate::gateway::answer::{Reply, Response};
use crate::gateway::cache::Blocks;
use crate::gateway::clients::Clients;
use crate::gateway::request::{Call, Kind, Request};
use crate::options::OptionsError;
use crate::pool::Pool;

pub use serve::Stop;
pub use tls::{GatewayTls, TlsError};

/// Calls of a batch that are asked one by one, at once.
const SINGLE_CALLS_AT_ONCE: usize = 8;
/// The longest answers to a batch that are put together here, in bytes.
const LONGEST_BATCH: usize = 16 << 20;
/// How long a client may take to send its request.
const SENDING: Duration = Duration::from_secs(10);

/// What the gateway allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Calls a second that one client may make; it may save up for two seconds. Default: 100.
    pub calls_per_second: u32,
    /// The largest request, in bytes. Default: 1 MiB; a transaction has 64 KiB at most.
    pub max_request: usize,
    /// The longest batch, in calls. Default: 50.
    pub max_batch: usize,
    /// Room for irreversible blocks, in bytes. Default: 4 MiB.
    pub cache: usize,
    /// How long a read may take in all. Default: 10 s.
    pub deadline: Duration,
    /// How long a broadcast may take that waits for a block. Default: 30 s.
    pub broadcast_deadline: Duration,
    /// How long requests may go on once it is told to stop. Default: 10 s.
    pub drain: Duration,
    /// Connections at once. Default: 1024; from one other machine an eighth of them.
    pub max_connections: usize,
    /// Requests at once, which bounds the memory they take: the others wait. Default: 256.
    pub max_requests: usize,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            calls_per_second: 100,
            max_request: 1 << 20,
            max_batch: 50,
            cache: 4 << 20,
            deadline: Duration::from_secs(10),
            broadcast_deadline: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            max_connections: 1024,
            max_requests: 256,
        }
    }
}

/// A gateway to one or several chains. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Gateway {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    chains: Vec<(String, Pool)>,
    /// Connections of the gateway's own, by chain: driven by whoever serves, they disturb nobody's polls.
    clients_by_chain: Vec<Arc<Client>>,
    options: GatewayOptions,
    clients: Clients,
    blocks: Blocks,
    draining: AtomicBool,
    room: Arc<Semaphore>,
}

/// A call, and what it is to be answered with.
struct Asked<'a> {
    chain: usize,
    call: &'a Call<'a>,
    /// As the client wrote it.
    body: Bytes,
    /// When the client must have its answer.
    until: Instant,
}

impl Gateway {
    /// A gateway to these chains. Each is at `/<name>`, and the first one at `/` as well.
    pub fn new(chains: Vec<(String, Pool)>, options: GatewayOptions) -> Result<Self, OptionsError> {
        let own = chains.iter().map(|(_, pool)| pool.other_client().map(Arc::new));
        let clients_by_chain = own.collect::<Result<_, _>>()?;
        let clients = Clients::new(options.calls_per_second);
        let blocks = Blocks::new(options.cache);
        let room = Arc::new(Semaphore::new(options.max_requests));
        let draining = AtomicBool::new(false);
        Ok(Self { inner: Arc::new(Inner { chains, clients_by_chain, options, clients, blocks, draining, room }) })
    }

    fn options(&self) -> &GatewayOptions {
        &self.inner.options
    }

    /// A chain's pool, and the way to its endpoints.
    fn way(&self, chain: usize) -> Option<(&Pool, &Arc<Client>)> {
        self.inner.chains.get(chain).map(|(_, pool)| pool).zip(self.inner.clients_by_chain.get(chain))
    }

    fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Relaxed)
    }

    /// Answers an HTTP request.
    async fn respond(self, client: IpAddr, request: hyper::Request<Incoming>) -> Response {
        let path = request.uri().path().trim_matches('/').to_owned();
        let is_health = path == "health" || path.starts_with("health/");
        match *request.method() {
            Method::GET | Method::HEAD if is_health => self.health(path.trim_start_matches("health").trim_matches('/')),
            Method::POST => {
                let named = self.inner.chains.iter().position(|(name, _)| *name == path);
                let chain = named.or(Some(0).filter(|_| path.is_empty()));
                let now = Instant::now();
                let until = now.checked_add(self.options().deadline).unwrap_or(now);
                let seat = self.inner.clients.request_seat(client, self.options().max_requests / 4);
                let Some(seat) = seat.filter(|_| self.inner.clients.admit(client, 1)) else {
                    return answer::too_many(1);
                };
                let room = Arc::clone(&self.inner.room).acquire_owned();
                let Ok(Ok(room)) = tokio::time::timeout_at(until, room).await else {
                    return answer::status(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once: try again");
                };
                // Also where nothing is done with it: a client that still writes would lose the answer.
                let response = match (self.read_body(request.into_body()).await, chain) {
                    (Err((status, why)), _) => answer::status(status, why),
                    (Ok(_), None) => answer::status(StatusCode::NOT_FOUND, "no such chain here"),
                    (Ok(body), Some(chain)) => self.rpc(client, chain, body, until).await,
                };
                // Its memory is taken until the client has read it.
                answer::holding(response, (seat, room))
            }
            _ => answer::not_allowed(if is_health { "GET, HEAD" } else { "POST" }),
        }
    }

    async fn rpc(&self, client: IpAddr, chain: usize, body: Bytes, until: Instant) -> Response {
        let request = match Request::read(&body) {
            Ok(request) => request,
            Err(malformed) => {
                return Reply::error(None, malformed.code, malformed.message).into_response(StatusCode::OK);
            }
        };
        let calls = match &request {
            Request::One(_) => 1,
            Request::Batch(calls) => calls.len(),
        };
        if calls > self.options().max_batch {
            let text = format!("a batch of {calls} calls; this gateway takes {}", self.options().max_batch);
            return Reply::error(None, -32600, &text).into_response(StatusCode::OK);
        }
        // One was admitted before the body was read.
        if calls > 1 && !self.inner.clients.admit_rest(client, calls.saturating_sub(1)) {
            return answer::too_many(1);
        }
        match request {
            Request::One(call) => {
                let asked = Asked { chain, call: &call, body: body.clone(), until };
                let (status, reply) = self.one(asked, Whole::No).await;
                reply.into_response(status)
            }
            Request::Batch(calls) => self.batch(chain, &calls, &body, until).await.into_response(StatusCode::OK),
        }
    }

    async fn read_body(&self, body: Incoming) -> Result<Bytes, (StatusCode, &'static str)> {
        const TOO_LARGE: (StatusCode, &str) = (StatusCode::PAYLOAD_TOO_LARGE, "the request is too large");
        let limit = self.options().max_request;
        if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(TOO_LARGE);
        }
        match tokio::time::timeout(SENDING, Limited::new(body, limit).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(TOO_LARGE),
            Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the request broke off")),
            Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive")),
        }
    }

    async fn one(&self, asked: Asked<'_>, whole: Whole) -> (StatusCode, Reply) {
        match asked.call.kind {
            Kind::Read => self.read(&asked, whole).await,
            Kind::Broadcast => self.broadcast(&asked).await,
            Kind::BroadcastAndWait => self.broadcast_and_wait(&asked).await,
        }
    }

    /// Passes a batch on as one where it only reads; what one endpoint cannot answer as a whole is asked call by call.
    async fn batch(&self, chain: usize, calls: &[(Call<'_>, &str)], body: &Bytes, until: Instant) -> Reply {
        let reads = calls.iter().all(|(call, _)| call.kind == Kind::Read && call.block().is_none());
        if reads && let Some(answers) = self.read_batch(chain, calls, body, until).await {
            return answers;
        }
        let mut asking = Vec::with_capacity(calls.len());
        for (call, text) in calls {
            asking.push(self.one(Asked { chain, call, body: body.slice_ref(text.as_bytes()), until }, Whole::Yes));
        }
        let mut asking = futures_util::stream::iter(asking).buffered(SINGLE_CALLS_AT_ONCE);
        let (mut answers, mut length) = (Vec::with_capacity(calls.len()), 0_usize);
        while let Some((_, answer)) = asking.next().await {
            length = length.saturating_add(answer.len());
            let id = calls.get(answers.len()).and_then(|(call, _)| call.id);
            answers.push(match length <= LONGEST_BATCH {
                true => answer,
                false => {
                    Reply::error(id, -32000, "the answers to this batch are too long in all: ask for less at once")
                }
            });
        }
        Reply::joined(answers)
    }
}

/// Whether an answer must be read to its end before it is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}
