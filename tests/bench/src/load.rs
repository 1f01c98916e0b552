//! Load: clients with one connection each, which send the next request as soon as they are answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::http::{self, Answer};

/// A request that takes longer counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after a lost request, so that a proxy that refuses at once is not flooded.
const REST: Duration = Duration::from_millis(10);
/// Room for a whole answer, which is read at once.
const ROOM: usize = 16 << 10;
/// The number of request ids of each client.
const IDS: u64 = 1 << 32;

/// The outcome of the requests in a span of time.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How long the valid answers took.
    pub(crate) answered: Vec<Duration>,
    /// How many of them came within the span.
    pub(crate) in_time: u32,
    /// How many requests had no valid answer.
    pub(crate) lost: u32,
    /// Why one of them had none.
    pub(crate) why: Option<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.in_time += other.in_time;
        self.lost += other.lost;
        self.why = self.why.take().or(other.why);
    }
}

/// The clients of one address. They keep their connections from one span to the next.
#[derive(Debug)]
pub(crate) struct Clients(Vec<Client>);

impl Clients {
    pub(crate) fn new(to: SocketAddr, count: u64) -> Self {
        Self((0..count).map(|number| Client::new(to, number * IDS)).collect())
    }

    /// Has all clients send requests for this long, and waits for the last answers.
    pub(crate) async fn load(&mut self, span: Duration) -> anyhow::Result<Tally> {
        let until = Instant::now() + span;
        let mut tasks = JoinSet::new();
        for client in self.0.drain(..) {
            tasks.spawn(client.load(until));
        }
        let mut all = Tally::default();
        while let Some(ended) = tasks.join_next().await {
            let (client, tally) = ended?;
            self.0.push(client);
            all.add(tally);
        }
        Ok(all)
    }
}

/// Sends one request on a connection of its own.
pub(crate) async fn once(to: SocketAddr) -> anyhow::Result<()> {
    Client::new(to, 0).ask().await
}

/// The status of a GET, on a connection of its own.
pub(crate) async fn get(to: SocketAddr, path: &str) -> anyhow::Result<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\n\r\n");
    let answer = async {
        let mut stream = TcpStream::connect(to).await?;
        exchange(&mut stream, &request, &mut Vec::new()).await
    };
    Ok(tokio::time::timeout(PATIENCE, answer).await??.status)
}

#[derive(Debug)]
struct Client {
    to: SocketAddr,
    stream: Option<TcpStream>,
    received: Vec<u8>,
    next_id: u64,
}

impl Client {
    fn new(to: SocketAddr, first_id: u64) -> Self {
        Self { to, stream: None, received: Vec::new(), next_id: first_id }
    }

    /// Sends requests until then.
    async fn load(mut self, until: Instant) -> (Self, Tally) {
        let mut tally = Tally::default();
        loop {
            let asked = Instant::now();
            if asked >= until {
                return (self, tally);
            }
            match self.ask().await {
                Ok(()) => {
                    let answered = Instant::now();
                    tally.answered.push(answered - asked);
                    tally.in_time += u32::from(answered <= until);
                }
                Err(error) => {
                    tally.lost += 1;
                    tally.why = tally.why.take().or_else(|| Some(format!("{error:#}")));
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Sends a request and checks the answer.
    async fn ask(&mut self) -> anyhow::Result<()> {
        match tokio::time::timeout(PATIENCE, self.question()).await {
            Ok(asked) => asked,
            Err(_) => bail!("no answer within {} s", PATIENCE.as_secs()),
        }
    }

    /// The connection is dropped on any error, and if the request is cancelled.
    async fn question(&mut self) -> anyhow::Result<()> {
        let id = self.next_id.to_string();
        self.next_id += 1;
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"condenser_api.get_dynamic_global_properties","params":[]}}"#
        );
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.to,
            body.len()
        );
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.to).await.context("no connection")?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let answer = exchange(&mut stream, &request, &mut self.received).await?;
        if !answer.closes {
            self.stream = Some(stream);
        }
        check_answer(&answer, &id)
    }
}

async fn exchange(stream: &mut TcpStream, request: &str, received: &mut Vec<u8>) -> anyhow::Result<Answer> {
    stream.write_all(request.as_bytes()).await.context("the request was cut off")?;
    received.clear();
    loop {
        received.reserve(ROOM);
        let read = stream.read_buf(received).await.context("the answer was cut off")?;
        ensure!(read > 0, "the connection was closed without an answer");
        if let Some(answer) = http::read(received)? {
            return Ok(answer);
        }
    }
}

/// Checks that this is the answer to the request, whatever the result.
fn check_answer(answer: &Answer, id: &str) -> anyhow::Result<()> {
    ensure!(answer.status == 200, "HTTP status {}", answer.status);
    let members: BTreeMap<&str, &RawValue> = serde_json::from_slice(&answer.body).context("not a JSON object")?;
    let is = |name: &str, wanted: &str| members.get(name).is_some_and(|value| value.get() == wanted);
    ensure!(is("jsonrpc", "\"2.0\""), "not JSON-RPC 2.0");
    ensure!(is("id", id), "the answer to another request");
    ensure!(members.get("result").is_some_and(|result| result.get().starts_with('{')), "no result");
    Ok(())
}
