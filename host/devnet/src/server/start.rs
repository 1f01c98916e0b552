//! A devnet with its endpoints: one per RPC node, one per producing node, and one for control.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use dogwatch_chain::{AccountName, Profile};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::clock::ServerClock;
use super::connection::{DevnetEndpoint, serve};
use super::handle::DevnetHandle;
use crate::config::{DevnetConfig, DevnetConfigError};
use crate::fault::RpcIndex;
use crate::network::{CalledNode, Devnet};

/// Why a devnet does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetStartError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] DevnetConfigError),
    /// An endpoint cannot listen on its port.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The endpoint's address.
        address: SocketAddr,
        /// Why it cannot listen.
        source: io::Error,
    },
}

/// Starts devnets.
#[derive(Debug)]
pub struct DevnetServer;

/// A running devnet with its endpoints. Dropping it ends the devnet.
#[derive(Debug)]
pub struct RunningDevnet {
    handle: DevnetHandle,
    profile: Profile,
    rpc: Vec<SocketAddr>,
    nodes: BTreeMap<(AccountName, String), SocketAddr>,
    control: SocketAddr,
    _tasks: JoinSet<()>,
}

impl DevnetServer {
    /// Starts a chain and binds its endpoints to an address. Anyone can derive a devnet's keys, so use loopback.
    ///
    /// # Errors
    ///
    /// The configuration is invalid, or a port is in use.
    pub async fn start(config: &DevnetConfig, bind: IpAddr) -> Result<RunningDevnet, DevnetStartError> {
        let clock = ServerClock::start();
        let devnet = Devnet::new(config, clock.now())?;
        let profile = devnet.profile().clone();
        let handle = DevnetHandle::new(devnet, clock);
        let mut tasks = JoinSet::new();
        let mut listen = async |port: u16, endpoint: DevnetEndpoint| {
            let address = SocketAddr::new(bind, port);
            let failed = |source| DevnetStartError::Listen { address, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            tasks.spawn(serve(listener, endpoint, handle.clone()));
            Ok::<_, DevnetStartError>(address)
        };
        let mut rpc = Vec::new();
        for index in 0..config.rpc_nodes {
            let port = config.rpc_ports.get(index).copied().unwrap_or(0);
            rpc.push(listen(port, DevnetEndpoint::Chain(CalledNode::Rpc(RpcIndex(index)))).await?);
        }
        let mut nodes = BTreeMap::new();
        for witness in &config.witnesses {
            for node in &witness.nodes {
                let endpoint = DevnetEndpoint::Chain(CalledNode::Producing(witness.name.clone(), node.name.clone()));
                nodes.insert((witness.name.clone(), node.name.clone()), listen(node.port, endpoint).await?);
            }
        }
        let control = listen(config.control_port, DevnetEndpoint::Control).await?;
        tasks.spawn(handle.clone().keep_producing());
        Ok(RunningDevnet { handle, profile, rpc, nodes, control, _tasks: tasks })
    }
}

impl RunningDevnet {
    /// The URLs of the public RPC nodes, in order.
    pub fn rpc_urls(&self) -> Vec<String> {
        self.rpc.iter().map(url).collect()
    }

    /// The URL of a producing node's RPC endpoint.
    pub fn node_url(&self, witness: &str, node: &str) -> Option<String> {
        let name = AccountName::new(witness).ok()?;
        self.nodes.get(&(name, node.to_owned())).map(url)
    }

    /// The URL of the control endpoint, which answers `devnet_api`.
    pub fn control_url(&self) -> String {
        url(&self.control)
    }

    /// The chain's profile, as a client needs it.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// A handle that controls this devnet.
    pub fn handle(&self) -> DevnetHandle {
        self.handle.clone()
    }
}

fn url(address: &SocketAddr) -> String {
    format!("http://{address}")
}
