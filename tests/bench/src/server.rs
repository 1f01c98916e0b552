//! The public endpoints of a devnet, with a stopwatch: when the first byte of each request arrived, and when its answer
//! was written. Connections stay open, as with the gateways of a real chain.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use dogwatch_devnet::{DevnetHandle, RpcIndex};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The path that is answered at once, whatever was sent.
const BARE: &str = "POST /bare ";
/// Rest before a bare round trip, so that it wakes whom the daemon's request would wake.
const PAUSE: Duration = Duration::from_millis(20);
/// Room for a whole request: it is read in one go.
const ROOM: usize = 16 << 10;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Poll,
    Blocks,
    /// With the whole body, and the transaction in it.
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

#[derive(Debug)]
pub(crate) struct Server {
    addresses: Vec<SocketAddr>,
    exchanges: Exchanges,
    _tasks: JoinSet<()>,
}

type Exchanges = Arc<Mutex<Vec<Exchange>>>;

impl Server {
    pub(crate) async fn start(handle: &DevnetHandle, endpoints: usize) -> anyhow::Result<Self> {
        let (mut addresses, mut tasks, exchanges) = (Vec::new(), JoinSet::new(), Exchanges::default());
        for index in 0..endpoints {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for an endpoint")?;
            addresses.push(listener.local_addr()?);
            let (handle, exchanges) = (handle.clone(), Arc::clone(&exchanges));
            tasks.spawn(async move {
                let mut connections = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    connections.spawn(serve(stream, RpcIndex(index), handle.clone(), Arc::clone(&exchanges)));
                }
            });
        }
        Ok(Self { addresses, exchanges, _tasks: tasks })
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.addresses.iter().map(|address| format!("http://{address}")).collect()
    }

    /// What was asked since the last time.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.exchanges.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A round trip of this body on an open connection, answered without thought.
    pub(crate) async fn bare(&self, body: &str) -> anyhow::Result<Duration> {
        let mut stream = TcpStream::connect(self.addresses.first().context("no endpoint")?).await?;
        stream.set_nodelay(true)?;
        let request = format!("{BARE}HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut received = Vec::new();
        // The first one waits for the connection to be accepted.
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

async fn serve(mut stream: TcpStream, index: RpcIndex, handle: DevnetHandle, exchanges: Exchanges) {
    let mut received = Vec::new();
    let _ = stream.set_nodelay(true);
    while let Ok(Some(Message { head, body, began })) = read_message(&mut stream, &mut received).await {
        let (kind, answer) = if head.starts_with(BARE) {
            (Kind::Other, "{}".to_owned())
        } else {
            let request = serde_json::from_str(&body).unwrap_or(Value::Null);
            let answer = handle.with(|devnet| devnet.call(index, &request, handle.now()));
            (kind(&request, body), answer.to_string())
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        let exchange = Exchange { kind, asked: began, answered: Instant::now() };
        exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
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
    /// When its first byte was there.
    began: Instant,
}

/// Reads a request or an answer; what comes after it stays in `received`. Nothing once the other side has closed.
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
