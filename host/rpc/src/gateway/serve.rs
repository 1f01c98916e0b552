//! Connections: by HTTP/1.1 and HTTP/2, with TLS and without, and their graceful end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue, LOCATION};
use hyper::http::uri::Authority;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::gateway::{Gateway, GatewayTls};

/// How long a client may take for the handshake, and for the head of its next request.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest head of a request.
const HEAD: usize = 16 << 10;
const HEAD_LIST: u32 = 16 << 10;
/// Requests at once on one connection of HTTP/2.
const STREAMS: u32 = 64;
/// How much of a request that is sent elsewhere is read all the same.
const LEFT_UNREAD: usize = 1 << 20;

/// Turns true when the gateway is to stop: it then takes no new connection and finishes what has begun.
pub type Stop = watch::Receiver<bool>;

impl Gateway {
    /// Serves on a listener until it is told to stop, with TLS where a certificate is given.
    pub async fn serve(&self, listener: TcpListener, tls: Option<GatewayTls>, stop: Stop) {
        let acceptor = tls.map(|tls| TlsAcceptor::from(tls.config()));
        let gateway = self.clone();
        self.accept(listener, stop, move |stream, peer, watcher| {
            let (gateway, acceptor) = (gateway.clone(), acceptor.clone());
            async move {
                let answer = move |request| gateway.clone().respond(peer.ip(), request);
                match acceptor {
                    None => connection(stream, Protocol::Http1, answer, watcher).await,
                    Some(acceptor) => match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => {
                            let protocol = match stream.get_ref().1.alpn_protocol() {
                                Some(b"h2") => Protocol::Http2,
                                _ => Protocol::Http1,
                            };
                            connection(stream, protocol, answer, watcher).await;
                        }
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS with this client"),
                        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
                    },
                }
            }
        })
        .await;
    }

    /// Sends everybody on a listener to the same place by https, at this port: a POST with 308, so that it stays one, a
    /// GET with 301.
    pub async fn redirect(&self, listener: TcpListener, https_port: u16, stop: Stop) {
        self.accept(listener, stop, move |stream, _, watcher| async move {
            let answer = move |request: Request<Incoming>| async move {
                let answer = to_https(&request, https_port);
                // A client that still writes when the connection is closed may lose the answer.
                let rest = Limited::new(request.into_body(), LEFT_UNREAD).collect();
                let _ = tokio::time::timeout(PATIENCE, rest).await;
                answer
            };
            connection(stream, Protocol::Http1, answer, watcher).await;
        })
        .await;
    }

    async fn accept<F>(
        &self,
        listener: TcpListener,
        mut stop: Stop,
        serve: impl Fn(TcpStream, SocketAddr, Watcher) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let room = Arc::new(Semaphore::new(self.options().max_connections));
        let graceful = GracefulShutdown::new();
        loop {
            let next = async {
                let permit = Arc::clone(&room).acquire_owned().await;
                (permit, listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                next = next => next,
                // Whoever could tell it to stop may also be gone.
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Too many from one other machine: closed at once, so that others still find room.
                    let Some(seat) = self.inner.clients.seat(peer.ip(), self.options().max_connections / 8) else {
                        continue;
                    };
                    let _ = stream.set_nodelay(true);
                    let work = serve(stream, peer, graceful.watcher());
                    tokio::spawn(holding((permit.ok(), seat), work));
                }
                // Out of file descriptors, most likely.
                Err(error) => {
                    tracing::warn!(%error, "the gateway cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        self.inner.draining.store(true, Ordering::Relaxed);
        drop(listener);
        if tokio::time::timeout(self.options().drain, graceful.shutdown()).await.is_err() {
            tracing::warn!(after = ?self.options().drain, "the gateway ends with requests unanswered");
        }
    }
}

async fn holding<T>(held: T, work: impl Future<Output = ()>) {
    work.await;
    drop(held);
}

/// What a connection is to speak. Without TLS that is HTTP/1.1: no client of JSON-RPC begins with HTTP/2 there, and to
/// find out would be to wait for its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

async fn connection<S, A, F, B>(stream: S, protocol: Protocol, answer: A, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F + Send,
    F: Future<Output = Response<B>> + Send + 'static,
    B: hyper::body::Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let stream = TokioIo::new(stream);
    let ended = match protocol {
        Protocol::Http1 => {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(HEAD);
            watcher.watch(builder.serve_connection(stream, service)).await
        }
        Protocol::Http2 => {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.timer(TokioTimer::new()).max_header_list_size(HEAD_LIST).max_concurrent_streams(STREAMS);
            // Who is gone without a word is let go.
            builder.keep_alive_interval(PATIENCE).keep_alive_timeout(PATIENCE);
            watcher.watch(builder.serve_connection(stream, service)).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a client's connection broke");
    }
}

fn to_https(request: &Request<Incoming>, port: u16) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    let host = request.uri().authority().cloned().or_else(|| {
        let host = request.headers().get(HOST)?.to_str().ok()?;
        host.parse::<Authority>().ok()
    });
    let host = host.as_ref().map(Authority::host).filter(|host| !host.is_empty());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location = host.and_then(|host| {
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        HeaderValue::from_str(&format!("https://{host}{port}{path}")).ok()
    });
    match location {
        Some(location) => {
            // A client may turn a POST into a GET on 301, and must not on 308.
            *response.status_mut() = match *request.method() {
                Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
                _ => StatusCode::PERMANENT_REDIRECT,
            };
            response.headers_mut().insert(LOCATION, location);
        }
        None => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}
