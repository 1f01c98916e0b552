//! Probes of a producer node by its own JSON-RPC.

use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{ChainId, Head, Profile};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::endpoint::Endpoint;
use crate::error::RpcError;
use crate::jsonrpc::{Client, RpcCall};
use crate::options::{OptionsError, PoolOptions};
use crate::results::{Shape, facts};

const DATABASE_PROPERTIES: &str = "database_api.get_dynamic_global_properties";
const DATABASE_VERSION: &str = "database_api.get_version";

/// For how long a node's chain and version are taken for what they were.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// Probes nodes. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Prober {
    client: Arc<Client>,
}

/// What a node says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeReading {
    /// Its head.
    pub head: Head,
    /// Its chain id, if it reports one.
    pub chain_id: Option<ChainId>,
    /// Its software's version.
    pub version: String,
    /// How long it took to report its head.
    pub latency: Duration,
}

impl Prober {
    /// A prober with these limits, for these nodes and any whose name DNS resolves.
    ///
    /// # Errors
    ///
    /// If the options cannot be used.
    pub fn new<'a>(options: PoolOptions, nodes: impl IntoIterator<Item = &'a Endpoint>) -> Result<Self, OptionsError> {
        Ok(Self { client: Arc::new(Client::new(options, nodes.into_iter())?) })
    }

    /// Asks a node for its head, version and chain, within the total timeout. If it runs without `condenser_api`,
    /// `database_api` is asked.
    ///
    /// # Errors
    ///
    /// If the node gives no usable answer, or is on another chain than the profile's.
    pub async fn probe(&self, endpoint: &Endpoint, profile: &Profile) -> Result<ProbeReading, RpcError> {
        let reading = self.ask(endpoint).await?;
        match reading.chain_id {
            Some(found) if found != profile.chain_id => Err(RpcError::WrongChain { expected: profile.chain_id, found }),
            _ => Ok(reading),
        }
    }

    /// The same of a node on whatever chain.
    ///
    /// # Errors
    ///
    /// If the node gives no usable answer.
    pub async fn ask(&self, endpoint: &Endpoint) -> Result<ProbeReading, RpcError> {
        self.client.bounded(self.read(endpoint)).await
    }

    /// Asks a node for its head alone: one small question, which a node can be asked each second.
    async fn head(&self, endpoint: &Endpoint) -> Result<Head, RpcError> {
        self.client.bounded(self.read_head(endpoint)).await
    }

    async fn read_head(&self, endpoint: &Endpoint) -> Result<Head, RpcError> {
        let (method, result) = self.either(endpoint, facts::PROPERTIES, DATABASE_PROPERTIES).await?;
        facts::head(method, &result)
    }

    async fn read(&self, endpoint: &Endpoint) -> Result<ProbeReading, RpcError> {
        let asked = Instant::now();
        let head = self.read_head(endpoint).await?;
        let latency = Instant::now().saturating_duration_since(asked);

        let (method, result) = self.either(endpoint, facts::VERSION, DATABASE_VERSION).await?;
        let version = Shape::of(method, &result).get("blockchain_version")?.text()?;
        let version = crate::text::one_line(version);
        let chain_id = match facts::version_chain_id(method, &result)? {
            Some(id) => Some(id),
            None => match self.client.ask(endpoint, &RpcCall::new(facts::CONFIG, json!([]))).await? {
                Ok(config) => facts::config_chain_id(&config)?,
                Err(_) => None,
            },
        };
        Ok(ProbeReading { head, chain_id, version, latency })
    }

    /// Asks `condenser_api`, or `database_api` if that is refused.
    async fn either(
        &self,
        endpoint: &Endpoint,
        condenser: &'static str,
        database: &'static str,
    ) -> Result<(&'static str, Value), RpcError> {
        match self.client.ask(endpoint, &RpcCall::new(condenser, json!([]))).await? {
            Ok(result) => Ok((condenser, result)),
            Err(refused) => match self.client.ask(endpoint, &RpcCall::new(database, json!({}))).await? {
                Ok(result) => Ok((database, result)),
                Err(_) => Err(RpcError::Node(refused)),
            },
        }
    }
}

/// Asks one node again and again: for its head each time, and only now and then, and after a failure, for what changes only when
/// the node is started anew. Each question costs it a connection.
#[derive(Clone, Debug)]
pub struct NodeProbe {
    prober: Prober,
    endpoint: Endpoint,
    known: Option<Known>,
}

/// What a node said of itself.
#[derive(Clone, Debug)]
struct Known {
    asked: Instant,
    chain_id: Option<ChainId>,
    version: String,
}

impl NodeProbe {
    /// Asks this node.
    pub fn new(prober: Prober, endpoint: Endpoint) -> Self {
        Self { prober, endpoint, known: None }
    }

    /// Takes nothing for what it was: it may be another process that answers now.
    pub fn forget(&mut self) {
        self.known = None;
    }

    /// Asks the node once more.
    ///
    /// # Errors
    ///
    /// If the node gives no usable answer, or is on another chain than the profile's, if there is one.
    pub async fn ask(&mut self, profile: Option<&Profile>) -> Result<ProbeReading, RpcError> {
        if let Some(known) = self.known.take_if(|known| known.asked.elapsed() < KNOWN_FOR) {
            let asked = Instant::now();
            let head = self.prober.head(&self.endpoint).await?;
            let Known { chain_id, version, .. } = known.clone();
            self.known = Some(known);
            return Ok(ProbeReading { head, chain_id, version, latency: asked.elapsed() });
        }
        let reading = match profile {
            Some(profile) => self.prober.probe(&self.endpoint, profile).await?,
            None => self.prober.ask(&self.endpoint).await?,
        };
        let ProbeReading { chain_id, version, .. } = reading.clone();
        self.known = Some(Known { asked: Instant::now(), chain_id, version });
        Ok(reading)
    }
}
