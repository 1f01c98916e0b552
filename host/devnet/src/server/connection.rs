//! Connections to a devnet's endpoints, with the faults that show in them.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::handle::DevnetHandle;
use super::http;
use super::port::Port;
use crate::fault::{ProducerStatus, RpcFault};
use crate::network::{CalledNode, Devnet, NodeReply, PendingBroadcast};

/// What answers on a port.
#[derive(Clone, Debug)]
pub(super) enum DevnetEndpoint {
    Chain(CalledNode),
    Control,
}

/// Answers every connection to a port. A producing node that has crashed has none: as with a killed process, its connections
/// are cut at once, and new ones are refused.
pub(super) async fn serve(listener: TcpListener, endpoint: DevnetEndpoint, handle: DevnetHandle) {
    let mut connections = JoinSet::new();
    let mut changed = handle.changed();
    let mut port = Port::Open(listener);
    loop {
        while connections.try_join_next().is_some() {}
        let gone = is_gone(&handle.lock(), &endpoint);
        let moved = match gone {
            true => port.close(),
            false => Ok(port.open().await),
        };
        port = match moved {
            Ok(port) => port,
            Err(error) => return tracing::error!(?endpoint, %error, "the port is lost"),
        };
        if matches!(port, Port::Closed { .. }) {
            connections.shutdown().await;
        }
        tokio::select! {
            accepted = port.accept() => match accepted {
                Ok(stream) => {
                    let (endpoint, handle) = (endpoint.clone(), handle.clone());
                    connections.spawn(async move {
                        if let Err(error) = connection(stream, &endpoint, &handle).await {
                            tracing::debug!(?endpoint, %error, "a connection failed");
                        }
                    });
                }
                // Most likely the process has run out of file descriptors.
                Err(error) => {
                    tracing::warn!(?endpoint, %error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            // The sender lives in the handle.
            _ = changed.changed() => {}
        }
    }
}

/// Whether the node's process has died.
fn is_gone(devnet: &Devnet, endpoint: &DevnetEndpoint) -> bool {
    match endpoint {
        DevnetEndpoint::Chain(CalledNode::Producing(witness, node)) => {
            devnet.status(witness, node) == Some(ProducerStatus::Crashed)
        }
        DevnetEndpoint::Chain(CalledNode::Rpc(_)) | DevnetEndpoint::Control => false,
    }
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionMode {
    /// The node answers.
    Answer,
    /// It is closed at once.
    Close,
    /// It is never answered.
    Hang,
    /// A proxy in front of the node answers.
    Page { status: &'static str, kind: &'static str, body: &'static str },
}

/// The mode that the current faults call for.
fn connection_mode(devnet: &Devnet, endpoint: &DevnetEndpoint) -> ConnectionMode {
    match endpoint {
        DevnetEndpoint::Control => ConnectionMode::Answer,
        DevnetEndpoint::Chain(CalledNode::Producing(witness, node)) => match devnet.status(witness, node) {
            Some(ProducerStatus::Running | ProducerStatus::Behind | ProducerStatus::Partitioned) => {
                ConnectionMode::Answer
            }
            Some(ProducerStatus::Hung) => ConnectionMode::Hang,
            Some(ProducerStatus::Crashed) | None => ConnectionMode::Close,
        },
        DevnetEndpoint::Chain(CalledNode::Rpc(index)) => match devnet.rpc.get(index.0).map(|node| node.fault) {
            Some(RpcFault::Ok | RpcFault::Stale { .. } | RpcFault::Fork | RpcFault::Minority | RpcFault::NoBlocks) => {
                ConnectionMode::Answer
            }
            Some(RpcFault::Hang) => ConnectionMode::Hang,
            Some(RpcFault::Http500) => {
                let page = "<html><body><h1>500 Internal Server Error</h1></body></html>";
                ConnectionMode::Page { status: "500 Internal Server Error", kind: "text/html", body: page }
            }
            Some(RpcFault::Http429) => ConnectionMode::Page {
                status: "429 Too Many Requests",
                kind: "text/plain",
                body: "Too Many Requests\n",
            },
            Some(RpcFault::Html) => {
                let page = "<!doctype html><html><body>Scheduled maintenance. Be right back!</body></html>";
                ConnectionMode::Page { status: "200 OK", kind: "text/html; charset=utf-8", body: page }
            }
            Some(RpcFault::Down) | None => ConnectionMode::Close,
        },
    }
}

async fn connection(mut stream: TcpStream, endpoint: &DevnetEndpoint, handle: &DevnetHandle) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mode = || connection_mode(&handle.lock(), endpoint);
    match mode() {
        ConnectionMode::Close => return Ok(()),
        ConnectionMode::Hang => {
            http::closed(&mut stream).await;
            return Ok(());
        }
        ConnectionMode::Answer | ConnectionMode::Page { .. } => {}
    }
    let body = http::read_body(&mut stream).await?;
    // The faults may have changed while the request came in.
    let answer = match mode() {
        ConnectionMode::Close => return Ok(()),
        ConnectionMode::Hang => {
            http::closed(&mut stream).await;
            return Ok(());
        }
        ConnectionMode::Page { status, kind, body } => {
            return http::answer(&mut stream, handle.now(), status, kind, body).await;
        }
        ConnectionMode::Answer => match reply(&body, endpoint, handle) {
            NodeReply::Now(answer) => answer,
            NodeReply::Later(waiting) => tokio::select! {
                answer = outcome(&waiting, handle) => answer,
                () = http::closed(&mut stream) => return Ok(()),
            },
        },
    };
    http::answer(&mut stream, handle.now(), "200 OK", "application/json", &answer.to_string()).await
}

fn reply(body: &str, endpoint: &DevnetEndpoint, handle: &DevnetHandle) -> NodeReply {
    let now = handle.now();
    let reply = {
        let mut devnet = handle.lock();
        devnet.advance(now);
        match (serde_json::from_str::<Value>(body), endpoint) {
            (Ok(request), DevnetEndpoint::Chain(called)) => devnet.reply(called, &request, now),
            (Ok(request), DevnetEndpoint::Control) => NodeReply::Now(devnet.control(&request)),
            (Err(_), _) => NodeReply::Now(devnet.unreadable(body, now)),
        }
    };
    handle.notify();
    reply
}

async fn outcome(waiting: &PendingBroadcast, handle: &DevnetHandle) -> Value {
    let mut changed = handle.changed();
    loop {
        if let Some(answer) = handle.lock().outcome(waiting) {
            return answer;
        }
        if changed.changed().await.is_err() {
            return Value::Null;
        }
    }
}
