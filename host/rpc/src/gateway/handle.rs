//! The gateway's handle, and what its clones share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use crate::gateway::cache::Blocks;
use crate::gateway::clients::Clients;
use crate::gateway::options::GatewayOptions;
use crate::jsonrpc::Client;
use crate::options::OptionsError;
use crate::pool::Pool;

/// A gateway to one or several chains. Clones share it.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub(super) inner: Arc<GatewayInner>,
}

#[derive(Debug)]
pub(super) struct GatewayInner {
    pub(super) chains: Vec<(String, Pool)>,
    /// The gateway's own connections, by chain: they run on the gateway's thread and do not disturb polls.
    pub(super) clients_by_chain: Vec<Arc<Client>>,
    pub(super) options: GatewayOptions,
    pub(super) clients: Clients,
    pub(super) blocks: Blocks,
    pub(super) draining: AtomicBool,
    pub(super) room: Arc<Semaphore>,
}

impl Gateway {
    /// A gateway to these chains. Each is at `/<name>`, and the first one at `/` as well.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub fn new(chains: Vec<(String, Pool)>, options: GatewayOptions) -> Result<Self, OptionsError> {
        let own = chains.iter().map(|(_, pool)| pool.other_client().map(Arc::new));
        let clients_by_chain = own.collect::<Result<_, _>>()?;
        let clients = Clients::new(options.calls_per_second);
        let blocks = Blocks::new(options.cache);
        let room = Arc::new(Semaphore::new(options.max_requests));
        let draining = AtomicBool::new(false);
        Ok(Self {
            inner: Arc::new(GatewayInner { chains, clients_by_chain, options, clients, blocks, draining, room }),
        })
    }

    pub(super) fn options(&self) -> &GatewayOptions {
        &self.inner.options
    }

    /// A chain's pool, and the client for its endpoints.
    pub(super) fn pool_of(&self, chain: usize) -> Option<(&Pool, &Arc<Client>)> {
        self.inner.chains.get(chain).map(|(_, pool)| pool).zip(self.inner.clients_by_chain.get(chain))
    }

    /// The chain at a path.
    pub(super) fn chain_at(&self, path: &str) -> Option<usize> {
        let named = self.inner.chains.iter().position(|(name, _)| name == path);
        named.or(Some(0).filter(|_| path.is_empty()))
    }

    pub(super) fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Relaxed)
    }
}
