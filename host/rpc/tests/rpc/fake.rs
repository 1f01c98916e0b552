//! Fakes: HTTP servers that answer like a node, from real answers, or as told.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, header};
use dogwatch_chain::{AccountName, Profile};
use dogwatch_rpc::{AllowHttp, Clock, Endpoint, PollAnswer, PollRequest, Pool, PoolOptions, RpcError};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

macro_rules! capture {
    ($name:literal) => {
        $crate::fake::response(include_str!(concat!("../captures/", $name, ".json")))
    };
}
pub(crate) use capture;

/// The response of a capture.
pub(crate) fn response(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["response"].take()
}

pub(crate) enum Reply {
    Http { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    Hang,
}

impl Reply {
    pub(crate) fn json(value: &Value) -> Self {
        Self::status(200, value.to_string())
    }

    pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Http { status, headers: vec![("content-type", "application/json".into())], body: body.into() }
    }
}

type Behaviour = Box<dyn Fn(&Value) -> Reply + Send + Sync>;

/// An HTTP server. Requests that a node would not understand are recorded and fail the test.
pub(crate) struct Fake {
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    requests: Mutex<Vec<Value>>,
    complaints: Mutex<Vec<String>>,
}

impl Fake {
    pub(crate) async fn start(behaviour: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(Box::new(behaviour)),
            requests: Mutex::default(),
            complaints: Mutex::default(),
        });
        let state = Arc::clone(&shared);
        let router = Router::new().fallback(move |method: Method, headers: HeaderMap, body: Bytes| {
            let shared = Arc::clone(&state);
            async move { answer(&shared, &method, &headers, &body).await }
        });
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, task }
    }

    pub(crate) async fn node(node: Node) -> Self {
        Self::start(move |request| node.reply(request)).await
    }

    pub(crate) fn become_other(&self, behaviour: impl Fn(&Value) -> Reply + Send + Sync + 'static) {
        *self.shared.behaviour.lock().unwrap() = Box::new(behaviour);
    }

    /// The bodies of the requests that came.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests().len()
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        endpoint(&self.url)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
        if !std::thread::panicking() {
            assert_eq!(*self.shared.complaints.lock().unwrap(), [""; 0], "not fit for a node");
        }
    }
}

async fn answer(shared: &Shared, method: &Method, headers: &HeaderMap, body: &Bytes) -> Response<Body> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    for (fine, complaint) in [
        (method == Method::POST, format!("method {method}")),
        (length == Some(body.len()), "no Content-Length".into()),
        (headers.get(header::CONTENT_TYPE).is_some_and(|v| v == "application/json"), "content type".into()),
        (agent.starts_with("dogwatch/"), format!("user agent {agent}")),
        (request.is_object() || request.is_array(), "not JSON".into()),
    ] {
        if !fine {
            shared.complaints.lock().unwrap().push(complaint);
        }
    }
    shared.requests.lock().unwrap().push(request.clone());
    let reply = (shared.behaviour.lock().unwrap())(&request);
    match reply {
        Reply::Http { status, headers, body } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Reply::Hang => pending().await,
    }
}

/// What a node answers, by method: a whole response, whose id is replaced.
#[derive(Clone)]
pub(crate) struct Node {
    answers: BTreeMap<String, Value>,
}

impl Node {
    /// A testnet node of Hive, from real answers.
    pub(crate) fn hive() -> Self {
        let answers = [
            ("get_version", capture!("condenser_api.get_version")),
            ("get_config", capture!("condenser_api.get_config")),
            ("get_dynamic_global_properties", capture!("condenser_api.get_dynamic_global_properties")),
            ("get_witness_schedule", capture!("condenser_api.get_witness_schedule")),
            ("get_active_witnesses", capture!("condenser_api.get_active_witnesses.include_future")),
        ];
        let answers = answers.into_iter().map(|(name, answer)| (format!("condenser_api.{name}"), answer)).collect();
        let mut node = Self { answers };
        node.put(
            "condenser_api.get_witness_by_account [\"alice\"]",
            capture!("condenser_api.get_witness_by_account.active"),
        );
        node.put(
            "condenser_api.get_witness_by_account [\"carol\"]",
            capture!("condenser_api.get_witness_by_account.null_key"),
        );
        node.edit("condenser_api.get_witness_by_account [\"carol\"]", "/result/owner", json!("carol"));
        node
    }

    /// The same as a node of Steem would put it.
    pub(crate) fn steem() -> Self {
        let mut node = Self::hive();
        let zeros = "0".repeat(64);
        node.put(
            "condenser_api.get_version",
            json!({ "jsonrpc": "2.0", "result": {
            "blockchain_version": "0.23.1", "steem_revision": "46c7d93d", "fc_revision": "46c7d93d" } }),
        );
        node.put("condenser_api.get_config", json!({ "jsonrpc": "2.0", "result": { "STEEM_CHAIN_ID": zeros } }));
        node.answers.remove("condenser_api.get_active_witnesses");
        let schedule = node.answers.get_mut("condenser_api.get_witness_schedule").unwrap();
        let list = schedule.pointer_mut("/result/current_shuffled_witnesses").unwrap().as_array_mut().unwrap();
        list.extend(vec![json!(""); 5]);
        node
    }

    pub(crate) fn put(&mut self, method: &str, response: Value) {
        self.answers.insert(method.to_owned(), response);
    }

    pub(crate) fn remove(&mut self, method: &str) {
        self.answers.remove(method).unwrap();
    }

    /// Changes a member that is there.
    pub(crate) fn edit(&mut self, method: &str, pointer: &str, value: Value) {
        *self.answers.get_mut(method).unwrap().pointer_mut(pointer).unwrap() = value;
    }

    pub(crate) fn with(mut self, method: &str, pointer: &str, value: Value) -> Self {
        self.edit(method, pointer, value);
        self
    }

    pub(crate) fn reply(&self, request: &Value) -> Reply {
        match request {
            Value::Array(calls) => {
                // The spec allows any order.
                Reply::json(&calls.iter().rev().map(|call| self.answer(call)).collect())
            }
            call => Reply::json(&self.answer(call)),
        }
    }

    pub(crate) fn answer(&self, call: &Value) -> Value {
        assert_eq!(call["jsonrpc"], "2.0");
        let method = call["method"].as_str().unwrap();
        let exact = format!("{method} {}", call["params"]);
        let mut answer = match self.answers.get(&exact).or_else(|| self.answers.get(method)) {
            Some(answer) => answer.clone(),
            None if ["get_witness_by_account", "get_block", "get_block_header"]
                .iter()
                .any(|name| method.ends_with(name)) =>
            {
                json!({ "jsonrpc": "2.0", "result": null })
            }
            None => capture!("error.unknown_method"),
        };
        answer["id"] = call["id"].clone();
        answer
    }
}

/// A server below HTTP: what it does with each connection.
pub(crate) async fn raw<F>(each: fn(TcpStream) -> F) -> (String, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(each(stream));
        }
    });
    (url, connections)
}

/// Closes with the request unread, which resets the connection.
pub(crate) async fn reset(stream: TcpStream) {
    stream.readable().await.unwrap();
    drop(stream);
}

/// Promises more than it sends.
pub(crate) async fn cut_off(mut stream: TcpStream) {
    let mut request = [0; 8192];
    let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"jsonrpc\":\"2.0\",").await;
}

/// Sends without end, and without saying how much.
pub(crate) async fn endless(mut stream: TcpStream) {
    let mut request = [0; 8192];
    let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await;
    while stream.write_all(&[b' '; 4096]).await.is_ok() {}
}

/// The address of a port where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(url, AllowHttp::No).unwrap()
}

pub(crate) fn pool(urls: &[&str]) -> Pool {
    pool_with(Profile::hive_testnet(), urls, PoolOptions::new(Clock::system()).jitter(0, 0))
}

pub(crate) fn pool_with(profile: Profile, urls: &[&str], options: PoolOptions) -> Pool {
    Pool::new(profile, urls.iter().map(|url| endpoint(url)).collect(), options).unwrap()
}

/// Timeouts that a test can wait for.
pub(crate) fn hasty() -> PoolOptions {
    PoolOptions::new(Clock::system()).timeouts(Duration::from_millis(500), Duration::from_millis(800))
}

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

pub(crate) async fn poll(pool: &Pool) -> Vec<PollAnswer> {
    pool.poll(&PollRequest { witnesses: &[name("alice")], block: None }).await
}

/// Polls a pool of one endpoint and returns its error.
pub(crate) async fn poll_error(url: &str, options: PoolOptions) -> RpcError {
    let pool = pool_with(Profile::hive_testnet(), &[url], options);
    let error = poll(&pool).await.remove(0).result.unwrap_err();
    let shown = error.to_string();
    assert!(shown.chars().count() <= 260 && !shown.contains('\n') && !shown.contains("http://"), "{shown}");
    error
}

/// Lets the pool's clock run ahead, without anything else noticing.
pub(crate) async fn later(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}

/// Answers two requests like a node, and swallows the third, as a connection does that a middlebox has forgotten.
pub(crate) async fn swallows_the_third(mut stream: TcpStream) {
    use tokio::io::AsyncReadExt as _;
    let node = Node::hive();
    let mut read = Vec::new();
    for _ in 0..2 {
        let body = loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length =
                    head.to_lowercase().split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse();
                if body.len() >= length.unwrap() {
                    break body.to_owned();
                }
            }
            if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
        };
        read.clear();
        let Reply::Http { body, .. } = node.reply(&serde_json::from_str(&body).unwrap()) else { return };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    }
    while stream.read_buf(&mut read).await.is_ok_and(|more| more > 0) {}
}
