//! One endpoint of the scene: it speaks TLS and plain HTTP at one port, and does what it is told to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::authority::{AUTHORITY, Certificate};
use crate::chain::{TRUTH, View};
use crate::fault::{End, Fault};
use crate::http::{self, Message, Stream};

/// What plain HTTP gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Plain {
    /// The same as TLS.
    #[default]
    Same,
    /// What nginx answers at a TLS port.
    Refused,
    /// A redirect with this status to this place.
    Redirect(u16, String),
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    fault: Mutex<Fault>,
    plain: Mutex<Plain>,
    by_tls: AtomicUsize,
    by_plain: AtomicUsize,
    /// Requests that no node would understand.
    complaints: Mutex<Vec<String>>,
    /// The bodies of all requests.
    bodies: Mutex<Vec<String>>,
    changed: watch::Sender<()>,
}

impl Server {
    pub(crate) async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            fault: Mutex::new(fault.clone()),
            plain: Mutex::default(),
            by_tls: AtomicUsize::new(0),
            by_plain: AtomicUsize::new(0),
            complaints: Mutex::default(),
            bodies: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let mut task = JoinSet::new();
        // Where nobody is to listen, the port is free again.
        if fault != Fault::Refuse {
            task.spawn(accept(listener, Arc::clone(&shared)));
        }
        Self { address, shared, _task: task }
    }

    pub(crate) fn plain(self, plain: Plain) -> Self {
        self.become_plain(plain);
        self
    }

    pub(crate) fn become_plain(&self, plain: Plain) {
        *self.shared.plain.lock().unwrap() = plain;
    }

    /// From now on, and on new connections: the old ones end.
    pub(crate) fn become_other(&self, fault: Fault) {
        self.become_other_for_new_connections(fault);
        self.shared.changed.send_replace(());
    }

    pub(crate) fn become_other_for_new_connections(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// Requests by TLS and by plain HTTP.
    pub(crate) fn requests(&self) -> (usize, usize) {
        (self.shared.by_tls.load(Ordering::SeqCst), self.shared.by_plain.load(Ordering::SeqCst))
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.shared.bodies.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(*self.shared.complaints.lock().unwrap(), [""; 0], "not fit for a node");
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let (shared, mut changed) = (Arc::clone(&shared), shared.changed.subscribe());
        connections.spawn(async move {
            tokio::select! {
                () = connection(stream, shared) => {}
                _ = changed.changed() => {}
            }
        });
    }
}

async fn connection(mut stream: TcpStream, shared: Arc<Shared>) {
    let fault = shared.fault.lock().unwrap().clone();
    match fault {
        // Who listened once goes on listening.
        Fault::CloseAtOnce | Fault::Refuse | Fault::NoSuchName => return,
        Fault::Mute => return gone(&mut stream).await,
        _ => {}
    }
    let mut first = [0];
    if !stream.peek(&mut first).await.is_ok_and(|read| read > 0) {
        return;
    }
    if first != [0x16] {
        let resets = |stream: &TcpStream| stream.set_zero_linger();
        if matches!(fault, Fault::Reset | Fault::CutInBody(End::Reset)) {
            resets(&stream).unwrap();
        }
        return requests(&mut stream, &shared, Way::Plain).await;
    }
    let certificate = match fault {
        Fault::NotTls => {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
            return;
        }
        Fault::Certificate(certificate) => certificate,
        _ => Certificate::Good,
    };
    if matches!(fault, Fault::Reset | Fault::CutInBody(End::Reset)) {
        stream.set_zero_linger().unwrap();
    }
    // A client that does not trust the certificate hangs up here.
    let Ok(mut stream) = TlsAcceptor::from(AUTHORITY.server(certificate)).accept(stream).await else { return };
    requests(&mut stream, &shared, Way::Tls).await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Tls,
    Plain,
}

async fn requests<S: Stream>(stream: &mut S, shared: &Shared, way: Way) {
    while let Some(message) = http::read(stream).await {
        let count = if way == Way::Tls { &shared.by_tls } else { &shared.by_plain };
        count.fetch_add(1, Ordering::SeqCst);
        shared.look_at(&message);
        if way == Way::Plain {
            let plain = shared.plain.lock().unwrap().clone();
            let answered = match plain {
                Plain::Same => None,
                Plain::Refused => Some((400, Vec::new(), &b"<html>The plain HTTP request was sent to HTTPS port"[..])),
                Plain::Redirect(status, to) => Some((status, vec![("Location", to)], &b""[..])),
            };
            if let Some((status, headers, body)) = answered {
                if http::write(stream, status, &headers, body).await.is_err() {
                    return;
                }
                continue;
            }
        }
        let fault = shared.fault.lock().unwrap().clone();
        if answer(stream, &fault, &message).await.is_err() {
            return;
        }
    }
}

impl Shared {
    fn look_at(&self, message: &Message) {
        self.bodies.lock().unwrap().push(String::from_utf8_lossy(&message.body).into_owned());
        for (fine, complaint) in [
            (message.head.starts_with("post "), "a method other than POST"),
            (message.head.contains("\r\ncontent-length: "), "no Content-Length"),
            (message.head.contains("\r\ncontent-type: application/json\r\n"), "another content type"),
            (serde_json::from_slice::<Value>(&message.body).is_ok(), "not JSON"),
        ] {
            if !fine {
                self.complaints.lock().unwrap().push(format!("{complaint}: {}", message.head));
            }
        }
    }
}

async fn answer<S: Stream>(stream: &mut S, fault: &Fault, message: &Message) -> std::io::Result<()> {
    let gone = || Err(std::io::ErrorKind::ConnectionAborted.into());
    match fault {
        Fault::Hang => {
            self::gone(stream).await;
            gone()
        }
        Fault::Slow(ms) => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            http::write(stream, 200, &[], &truth(message, &TRUTH)).await
        }
        Fault::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{").await?;
            loop {
                stream.write_all(b" ").await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Fault::Reset => gone(),
        Fault::CutInBody(_) => {
            let body = truth(message, &TRUTH);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body[..body.len() / 2]).await?;
            stream.flush().await?;
            gone()
        }
        Fault::Flood { announced } => {
            let length = announced.map_or_else(|| "Connection: close".to_owned(), |n| format!("Content-Length: {n}"));
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n[").as_bytes()).await?;
            loop {
                stream.write_all(&[b' '; 65_536]).await?;
            }
        }
        Fault::Bomb => {
            let packed = include_bytes!("../captures/million_zeros.gz");
            http::write(stream, 200, &[("Content-Encoding", "gzip".to_owned())], packed).await
        }
        Fault::Status(status, headers) => {
            let headers: Vec<(&str, String)> =
                headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            http::write(stream, *status, &headers, br#"{"jsonrpc":"2.0","result":{},"id":1}"#).await
        }
        Fault::Page(page) => http::write(stream, 200, &[], page).await,
        Fault::Spoilt(spoil) => {
            let mut answers: Value = serde_json::from_slice(&truth(message, &TRUTH)).unwrap();
            http::write(stream, 200, &[], &spoil.apply(&mut answers)).await
        }
        Fault::Other(view) => http::write(stream, 200, &[], &truth(message, view)).await,
        _ => http::write(stream, 200, &[], &truth(message, &TRUTH)).await,
    }
}

fn truth(message: &Message, view: &View) -> Vec<u8> {
    let request: Value = serde_json::from_slice(&message.body).unwrap_or_default();
    match &request {
        // The spec allows any order.
        Value::Array(calls) => Value::Array(calls.iter().rev().map(|call| view.answer(call)).collect()),
        call => view.answer(call),
    }
    .to_string()
    .into_bytes()
}

/// Waits until the other side gives up.
async fn gone<S: Stream>(stream: &mut S) {
    let mut rest = [0; 1024];
    while tokio::io::AsyncReadExt::read(stream, &mut rest).await.is_ok_and(|read| read > 0) {}
}
