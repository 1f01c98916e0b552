//! Connections: by HTTP/1.1 and HTTP/2, with TLS and without.

use std::convert::Infallible;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::gateway::linger::{self, Lent};

/// How long a client may take for the TLS handshake, and for the head of each request.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The longest head of a request, in bytes.
const HEAD: usize = 16 << 10;
const HEAD_LIST: u32 = 16 << 10;
/// Concurrent requests on one HTTP/2 connection.
const STREAMS: u32 = 64;

/// The protocol of a connection. Without TLS it is HTTP/1.1: no JSON-RPC client begins with HTTP/2 there, and finding out
/// would mean waiting for its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

pub(super) async fn connection<S, A, F, B>(stream: S, protocol: Protocol, answer: A, watcher: Watcher)
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
    let (lent, returned) = Lent::new(stream);
    let stream = TokioIo::new(lent);
    let ended = match protocol {
        Protocol::Http1 => {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(HEAD);
            watcher.watch(builder.serve_connection(stream, service)).await
        }
        Protocol::Http2 => {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.timer(TokioTimer::new()).max_header_list_size(HEAD_LIST).max_concurrent_streams(STREAMS);
            // Detects clients that are gone without closing the connection.
            builder.keep_alive_interval(PATIENCE).keep_alive_timeout(PATIENCE);
            watcher.watch(builder.serve_connection(stream, service)).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a client's connection broke");
        // A request whose head cannot be read is refused by the HTTP library, which stops reading at once.
        if let Ok(stream) = returned.await {
            linger::close(stream).await;
        }
    }
}
