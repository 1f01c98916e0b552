//! The public endpoints of a devnet, with a stopwatch: when the first byte of each request arrived, and when its answer
//! was written. Connections stay open, as with the gateways of a real chain. Each endpoint can have a fault.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use dogwatch_devnet::{DevnetHandle, RpcIndex};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The path that is answered at once, whatever the request.
const BARE: &str = "POST /bare ";
/// The pause before a bare round trip, so that it has to wake the same threads as the daemon's request.
const PAUSE: Duration = Duration::from_millis(20);
/// Room for a whole request, which is read at once.
const ROOM: usize = 16 << 10;
/// How long a slow endpoint takes to answer.
const SLOWNESS: Duration = Duration::from_secs(1);

/// The kind of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Poll,
    Blocks,
    /// The whole body, and the transaction in it.
    Broadcast {
        body: String,
        transaction: String,
    },
    Other,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) kind: Kind,
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
}

/// How an endpoint behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Answers,
    /// It answers after a second.
    AnswersLate,
    /// It accepts connections, reads requests and never answers.
    Hangs,
    /// Its port and its connections are closed for good.
    Refuses,
}

#[derive(Debug)]
pub(crate) struct Server {
    addresses: Vec<SocketAddr>,
    behaviours: Vec<watch::Sender<Behaviour>>,
    answered: Vec<Arc<AtomicU64>>,
    exchanges: Option<Exchanges>,
    _tasks: JoinSet<()>,
}

type Exchanges = Arc<Mutex<Vec<Exchange>>>;

/// What the connections of an endpoint share.
#[derive(Clone, Debug)]
struct Endpoint {
    index: RpcIndex,
    handle: DevnetHandle,
    behaviour: watch::Receiver<Behaviour>,
    answered: Arc<AtomicU64>,
    exchanges: Option<Exchanges>,
}

impl Server {
    pub(crate) async fn start(handle: &DevnetHandle, endpoints: usize) -> anyhow::Result<Self> {
        Self::open(handle, endpoints, Some(Exchanges::default())).await
    }

    /// A server that only counts: under load, a record of every exchange would fill the memory.
    pub(crate) async fn start_counting(handle: &DevnetHandle, endpoints: usize) -> anyhow::Result<Self> {
        Self::open(handle, endpoints, None).await
    }

    async fn open(handle: &DevnetHandle, endpoints: usize, exchanges: Option<Exchanges>) -> anyhow::Result<Self> {
        let (mut addresses, mut behaviours, mut answered) = (Vec::new(), Vec::new(), Vec::new());
        let mut tasks = JoinSet::new();
        for index in 0..endpoints {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for an endpoint")?;
            addresses.push(listener.local_addr()?);
            let (sender, behaviour) = watch::channel(Behaviour::Answers);
            let count = Arc::new(AtomicU64::new(0));
            behaviours.push(sender);
            answered.push(Arc::clone(&count));
            let (handle, exchanges) = (handle.clone(), exchanges.clone());
            let endpoint = Endpoint { index: RpcIndex(index), handle, behaviour, answered: count, exchanges };
            tasks.spawn(accept(listener, endpoint));
        }
        Ok(Self { addresses, behaviours, answered, exchanges, _tasks: tasks })
    }

    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Sets how an endpoint behaves from now on.
    pub(crate) fn behave(&self, endpoint: usize, behaviour: Behaviour) -> anyhow::Result<()> {
        self.behaviours.get(endpoint).context("no such endpoint")?.send_replace(behaviour);
        Ok(())
    }

    /// The number of requests that each endpoint has answered.
    pub(crate) fn answered(&self) -> Vec<u64> {
        self.answered.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.addresses.iter().map(|address| format!("http://{address}")).collect()
    }

    /// The exchanges since the last call.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        let Some(exchanges) = &self.exchanges else { return Vec::new() };
        std::mem::take(&mut *exchanges.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A round trip of this body on an open connection, answered without any work.
    pub(crate) async fn bare(&self, body: &str) -> anyhow::Result<Duration> {
        let mut stream = TcpStream::connect(self.addresses.first().context("no endpoint")?).await?;
        stream.set_nodelay(true)?;
        let request = format!("{BARE}HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut received = Vec::new();
        // The first round trip includes accepting the connection.
        round_trip(&mut stream, &request, &mut received).await?;
        tokio::time::sleep(PAUSE).await;
        round_trip(&mut stream, &request, &mut received).await
    }
}

async fn round_trip(stream: &mut TcpStream, request: &str, received: &mut Vec<u8>) -> anyhow::Result<Duration> {
    let began = Instant::now();
    stream.write_all(request.as_bytes()).await?;
    read_message(stream, received).await?.context("the server closed the connection")?;
    Ok(began.elapsed())
}

/// Accepts connections until the endpoint is to refuse them.
async fn accept(listener: TcpListener, endpoint: Endpoint) {
    let mut behaviour = endpoint.behaviour.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                connections.spawn(serve(stream, endpoint.clone()));
            }
            () = refusing(&mut behaviour) => return,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn refusing(behaviour: &mut watch::Receiver<Behaviour>) {
    let _ = behaviour.wait_for(|behaviour| *behaviour == Behaviour::Refuses).await;
}

async fn serve(mut stream: TcpStream, endpoint: Endpoint) {
    let Endpoint { index, handle, behaviour, answered, exchanges } = endpoint;
    let mut received = Vec::new();
    let _ = stream.set_nodelay(true);
    while let Ok(Some(Message { head, body, began })) = read_message(&mut stream, &mut received).await {
        let behaviour = *behaviour.borrow();
        match behaviour {
            Behaviour::Answers | Behaviour::Refuses => {}
            Behaviour::AnswersLate => tokio::time::sleep(SLOWNESS).await,
            Behaviour::Hangs => continue,
        }
        let (request, answer) = if head.starts_with(BARE) {
            (Value::Null, "{}".to_owned())
        } else {
            let request = serde_json::from_str(&body).unwrap_or(Value::Null);
            let answer = handle.with(|devnet| devnet.call(index, &request, handle.now()));
            (request, answer.to_string())
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        answered.fetch_add(1, Ordering::Relaxed);
        if let Some(exchanges) = &exchanges {
            let exchange = Exchange { asked: began, answered: Instant::now(), kind: kind(&request, body) };
            exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
        }
    }
}

fn kind(request: &Value, body: String) -> Kind {
    let first = request.get(0).unwrap_or(request);
    match first.get("method").and_then(Value::as_str).and_then(|method| method.split_once('.')) {
        Some((_, "get_dynamic_global_properties")) => Kind::Poll,
        Some((_, "get_block")) => Kind::Blocks,
        Some((_, "broadcast_transaction")) => {
            let transaction = first.get("params").map(Value::to_string).unwrap_or_default();
            Kind::Broadcast { body, transaction }
        }
        _ => Kind::Other,
    }
}

struct Message {
    head: String,
    body: String,
    /// When its first byte was received.
    began: Instant,
}

/// Reads a request or an answer. Bytes after it stay in `received`. `None` if the other side has closed.
async fn read_message(stream: &mut TcpStream, received: &mut Vec<u8>) -> anyhow::Result<Option<Message>> {
    let mut began = Instant::now();
    loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n").map(|place| place + 4) {
            let head = String::from_utf8_lossy(received.get(..end).unwrap_or_default()).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let all = end + length.unwrap_or(0);
            if received.len() >= all {
                let rest = received.split_off(all);
                let body = String::from_utf8_lossy(received.get(end..).unwrap_or_default()).into_owned();
                *received = rest;
                return Ok(Some(Message { head, body, began }));
            }
        }
        let fresh = received.is_empty();
        received.reserve(ROOM);
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
        if fresh {
            began = Instant::now();
        }
    }
}
