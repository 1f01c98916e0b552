//! The server that all fakes share: TLS, a log of the requests, and faults on demand.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::service::{Answer, Seen, Service};
use crate::tls::Authority;

/// A fault that a request meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service refuses it with its rate limit, as the real service does.
    RateLimit,
    /// It fails with this status and an HTML page, like the proxy in front of a service.
    Status(u16),
    /// The connection closes without an answer, and the service has not accepted the message.
    Drop,
    /// The service accepts the message, and the connection closes before the answer.
    DropAfter,
    /// The connection is reset without an answer, and the service has not accepted the message.
    Reset,
    /// The answer comes late.
    Delay(Duration),
    /// No answer ever comes.
    Hang,
}

#[derive(Debug)]
struct State<S> {
    service: S,
    seen: Vec<Seen>,
    faults: VecDeque<Option<Fault>>,
}

/// A running fake.
#[derive(Debug)]
pub struct Fake<S> {
    port: u16,
    state: Arc<Mutex<State<S>>>,
    _tasks: JoinSet<()>,
}

impl<S: Service> Fake<S> {
    /// Starts the server on loopback, with a certificate for `localhost`.
    ///
    /// # Errors
    ///
    /// No port of loopback can be bound.
    pub async fn start(service: S, authority: &Authority) -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(State { service, seen: Vec::new(), faults: VecDeque::new() }));
        let (acceptor, shared) = (authority.acceptor(), Arc::clone(&state));
        let (port, tasks) = listen(move |stream| serve(stream, acceptor.clone(), Arc::clone(&shared))).await?;
        Ok(Self { port, state, _tasks: tasks })
    }

    /// `https://localhost:…`, without a trailing slash.
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// `localhost:…`
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// All requests so far, those that met a fault included.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state).seen.clone()
    }

    /// Queues faults for the next requests, one each. `None` lets one pass.
    pub fn order(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        lock(&self.state).faults.extend(faults);
    }

    /// Reads or changes the service's state.
    pub fn with<T>(&self, work: impl FnOnce(&mut S) -> T) -> T {
        work(&mut lock(&self.state).service)
    }
}

/// Listens on a free port of loopback until the returned tasks are dropped. Each connection has a task of its own.
pub(crate) async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> std::io::Result<(u16, JoinSet<()>)>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream));
            while connections.try_join_next().is_some() {}
        }
    });
    Ok((port, tasks))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve<S: Service>(stream: TcpStream, acceptor: tokio_rustls::TlsAcceptor, state: Arc<Mutex<State<S>>>) {
    // Closing the socket with this option sends a reset.
    let resetting = Arc::new(Mutex::new(false));
    let Ok(stream) = stream.into_std() else { return };
    let Ok(twin) = stream.try_clone() else { return };
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    // A client that does not trust the certificate hangs up here.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let flag = Arc::clone(&resetting);
    let service = service_fn(move |request| {
        let (state, flag) = (Arc::clone(&state), Arc::clone(&flag));
        async move { answer(request, &state, &flag).await }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if *lock(&resetting)
        && let Ok(twin) = TcpStream::from_std(twin)
    {
        let _ = twin.set_zero_linger();
    }
}

/// An error that closes the connection without an answer.
#[derive(Debug)]
struct HangUp;

impl std::fmt::Display for HangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hanging up")
    }
}

impl std::error::Error for HangUp {}

impl From<Infallible> for HangUp {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

async fn answer<S: Service>(
    request: Request<Incoming>,
    state: &Mutex<State<S>>,
    resetting: &Mutex<bool>,
) -> Result<Response<Full<Bytes>>, HangUp> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| HangUp)?.to_bytes().to_vec();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let seen = Seen {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(header).collect(),
        body,
    };
    let fault = {
        let mut state = lock(state);
        state.seen.push(seen.clone());
        state.faults.pop_front().flatten()
    };
    let answer = match fault {
        None => lock(state).service.answer(&seen),
        Some(Fault::RateLimit) => lock(state).service.rate_limit(&seen),
        Some(Fault::Status(status)) => Answer::html(status, "<html><body>failed</body></html>"),
        Some(Fault::Drop) => return Err(HangUp),
        Some(Fault::DropAfter) => {
            lock(state).service.answer(&seen);
            return Err(HangUp);
        }
        Some(Fault::Reset) => {
            *lock(resetting) = true;
            return Err(HangUp);
        }
        Some(Fault::Delay(time)) => {
            tokio::time::sleep(time).await;
            lock(state).service.answer(&seen)
        }
        Some(Fault::Hang) => std::future::pending().await,
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(answer.body))).map_err(|_| HangUp)
}
