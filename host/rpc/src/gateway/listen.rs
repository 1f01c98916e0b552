//! Listeners: connections are accepted, bounded, and ended gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::gateway::body;
use crate::gateway::connection::{PATIENCE, Protocol, connection};
use crate::gateway::handle::Gateway;
use crate::gateway::tls::GatewayTls;
use crate::gateway::to_https::to_https;

/// Turns true when the gateway is to stop: it then accepts no new connection and finishes the requests under way.
pub type Stop = watch::Receiver<bool>;

impl Gateway {
    /// Serves on a listener until told to stop, with TLS if a certificate is given.
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

    /// Redirects every request on a listener to the same place by https, at this port: a GET with 301, anything else with
    /// 308, so that a POST stays a POST.
    pub async fn redirect(&self, listener: TcpListener, https_port: u16, stop: Stop) {
        self.accept(listener, stop, move |stream, _, watcher| async move {
            let answer = move |request: Request<Incoming>| async move {
                let (head, body) = request.into_parts();
                let answer = to_https(&head, https_port);
                body::drain_rest(body);
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
                // Also if the sender is gone.
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Too many from one other machine: closed at once, so that there is room for others.
                    let Some(seat) = self.inner.clients.seat(peer.ip(), self.options().max_connections / 8) else {
                        continue;
                    };
                    let _ = stream.set_nodelay(true);
                    let work = serve(stream, peer, graceful.watcher());
                    tokio::spawn(holding((permit.ok(), seat), work));
                }
                // Most likely out of file descriptors.
                Err(error) => {
                    tracing::warn!(%error, "the gateway cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        self.inner.draining.store(true, Ordering::Relaxed);
        drop(listener);
        if tokio::time::timeout(self.options().drain, graceful.shutdown()).await.is_err() {
            tracing::warn!(after = ?self.options().drain, "the gateway stopped with requests unanswered");
        }
    }
}

async fn holding<T>(held: T, work: impl Future<Output = ()>) {
    work.await;
    drop(held);
}
