//! The devnet on loopback: an endpoint per RPC node, one per producing node, and one for control.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use dogwatch_chain::{AccountName, Profile};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::call::{Asked, Reply, Waiting};
use crate::clock::Clock;
use crate::config::{ConfigError, DevnetConfig};
use crate::devnet::Devnet;
use crate::fault::{NodeStatus, RpcFault, RpcIndex};
use crate::handle::DevnetHandle;
use crate::http;

/// A devnet that does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration makes no chain.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An endpoint's port cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Starts devnets.
#[derive(Debug)]
pub struct DevnetServer;

/// A devnet with its endpoints. It ends when this is dropped.
#[derive(Debug)]
pub struct RunningDevnet {
    handle: DevnetHandle,
    profile: Profile,
    rpc: Vec<SocketAddr>,
    nodes: BTreeMap<(AccountName, String), SocketAddr>,
    control: SocketAddr,
    _tasks: JoinSet<()>,
}

#[derive(Clone, Debug)]
enum Endpoint {
    Chain(Asked),
    Control,
}

impl DevnetServer {
    /// Starts a chain now and binds its endpoints there: a devnet's keys are anyone's, so keep it on loopback.
    pub async fn start(config: &DevnetConfig, bind: IpAddr) -> Result<RunningDevnet, StartError> {
        let clock = Clock::start();
        let devnet = Devnet::new(config, clock.now())?;
        let profile = devnet.profile().clone();
        let handle = DevnetHandle::new(devnet, clock);
        let mut tasks = JoinSet::new();
        let mut listen = async |port: u16, endpoint: Endpoint| {
            let address = SocketAddr::new(bind, port);
            let failed = |source| StartError::Listen { address, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            tasks.spawn(serve(listener, endpoint, handle.clone()));
            Ok::<_, StartError>(address)
        };
        let mut rpc = Vec::new();
        for index in 0..config.rpc_nodes {
            let port = config.rpc_ports.get(index).copied().unwrap_or(0);
            rpc.push(listen(port, Endpoint::Chain(Asked::Rpc(RpcIndex(index)))).await?);
        }
        let mut nodes = BTreeMap::new();
        for witness in &config.witnesses {
            for node in &witness.nodes {
                let endpoint = Endpoint::Chain(Asked::Node(witness.name.clone(), node.name.clone()));
                nodes.insert((witness.name.clone(), node.name.clone()), listen(node.port, endpoint).await?);
            }
        }
        let control = listen(config.control_port, Endpoint::Control).await?;
        tasks.spawn(handle.clone().keep_producing());
        Ok(RunningDevnet { handle, profile, rpc, nodes, control, _tasks: tasks })
    }
}

impl RunningDevnet {
    /// Where the public RPC nodes are, in order.
    pub fn rpc_urls(&self) -> Vec<String> {
        self.rpc.iter().map(url).collect()
    }

    /// Where a producing node's own RPC is.
    pub fn node_url(&self, witness: &str, node: &str) -> Option<String> {
        let name = AccountName::new(witness).ok()?;
        self.nodes.get(&(name, node.to_owned())).map(url)
    }

    /// Where `devnet_api` is.
    pub fn control_url(&self) -> String {
        url(&self.control)
    }

    /// What a client must know of the chain.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Controls this devnet.
    pub fn handle(&self) -> DevnetHandle {
        self.handle.clone()
    }
}

fn url(address: &SocketAddr) -> String {
    format!("http://{address}")
}

async fn serve(listener: TcpListener, endpoint: Endpoint, handle: DevnetHandle) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (endpoint, handle) = (endpoint.clone(), handle.clone());
                connections.spawn(async move {
                    if let Err(error) = connection(stream, &endpoint, &handle).await {
                        tracing::debug!(?endpoint, %error, "a connection broke");
                    }
                });
            }
            // Out of file descriptors, most likely.
            Err(error) => {
                tracing::warn!(?endpoint, %error, "cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

/// How a connection is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Answer,
    Close,
    Hang,
    Say { status: &'static str, kind: &'static str, body: &'static str },
}

fn manner(devnet: &Devnet, endpoint: &Endpoint) -> Manner {
    match endpoint {
        Endpoint::Control => Manner::Answer,
        Endpoint::Chain(Asked::Node(witness, node)) => match devnet.status(witness, node) {
            Some(NodeStatus::Running | NodeStatus::Behind | NodeStatus::Partitioned) => Manner::Answer,
            Some(NodeStatus::Hung) => Manner::Hang,
            Some(NodeStatus::Crashed) | None => Manner::Close,
        },
        Endpoint::Chain(Asked::Rpc(index)) => match devnet.rpc.get(index.0).map(|node| node.fault) {
            Some(RpcFault::Ok | RpcFault::Stale { .. } | RpcFault::Fork) => Manner::Answer,
            Some(RpcFault::Hang) => Manner::Hang,
            Some(RpcFault::Http500) => {
                let page = "<html><body><h1>500 Internal Server Error</h1></body></html>";
                Manner::Say { status: "500 Internal Server Error", kind: "text/html", body: page }
            }
            Some(RpcFault::Http429) => {
                Manner::Say { status: "429 Too Many Requests", kind: "text/plain", body: "Too Many Requests\n" }
            }
            Some(RpcFault::Html) => {
                let page = "<!doctype html><html><body>Scheduled maintenance. Be right back!</body></html>";
                Manner::Say { status: "200 OK", kind: "text/html; charset=utf-8", body: page }
            }
            Some(RpcFault::Down) | None => Manner::Close,
        },
    }
}

async fn connection(mut stream: TcpStream, endpoint: &Endpoint, handle: &DevnetHandle) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let treat = || manner(&handle.lock(), endpoint);
    match treat() {
        Manner::Close => return Ok(()),
        Manner::Hang => {
            http::gone(&mut stream).await;
            return Ok(());
        }
        Manner::Answer | Manner::Say { .. } => {}
    }
    let body = http::read_body(&mut stream).await?;
    // The request may have taken its time.
    let answer = match treat() {
        Manner::Close => return Ok(()),
        Manner::Hang => {
            http::gone(&mut stream).await;
            return Ok(());
        }
        Manner::Say { status, kind, body } => return http::answer(&mut stream, status, kind, body).await,
        Manner::Answer => match reply(&body, endpoint, handle) {
            Reply::Now(answer) => answer,
            Reply::Later(waiting) => tokio::select! {
                answer = outcome(&waiting, handle) => answer,
                () = http::gone(&mut stream) => return Ok(()),
            },
        },
    };
    http::answer(&mut stream, "200 OK", "application/json", &answer.to_string()).await
}

fn reply(body: &str, endpoint: &Endpoint, handle: &DevnetHandle) -> Reply {
    let now = handle.now();
    let reply = {
        let mut devnet = handle.lock();
        devnet.advance(now);
        match (serde_json::from_str::<Value>(body), endpoint) {
            (Ok(request), Endpoint::Chain(asked)) => devnet.reply(asked, &request, now),
            (Ok(request), Endpoint::Control) => Reply::Now(devnet.control(&request)),
            (Err(_), _) => Reply::Now(devnet.unreadable(body, now)),
        }
    };
    handle.notify();
    reply
}

async fn outcome(waiting: &Waiting, handle: &DevnetHandle) -> Value {
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
