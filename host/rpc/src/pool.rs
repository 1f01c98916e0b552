//! The pool: every configured endpoint, none ever removed.

use std::sync::Arc;

use dogwatch_chain::Profile;
use serde_json::Value;

use crate::client::Client;
use crate::endpoint::{Endpoint, EndpointName};
use crate::envelope::{Answer, Call};
use crate::error::RpcError;
use crate::member::{EndpointIndex, Member};
use crate::options::{OptionsError, PoolOptions};

/// The endpoints of one chain. Clones share what they know.
///
/// Every method can be dropped midway, and none leaves a task of its own behind.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    profile: Profile,
    members: Vec<Member>,
    client: Client,
}

/// A pool that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// None to ask.
    #[error("no endpoint to ask: configure at least one, better three of different operators")]
    Empty,
    /// One that is there twice would be two voices where there is one.
    #[error("endpoint {0} is there twice: take one out")]
    Twice(EndpointName),
    /// The options contradict themselves.
    #[error(transparent)]
    Options(#[from] OptionsError),
}

impl Pool {
    /// A pool of these endpoints. Asks nothing yet.
    pub fn new(profile: Profile, endpoints: Vec<Endpoint>, options: PoolOptions) -> Result<Self, PoolError> {
        if endpoints.is_empty() {
            return Err(PoolError::Empty);
        }
        let mut members: Vec<Member> = Vec::with_capacity(endpoints.len());
        for (index, endpoint) in endpoints.into_iter().enumerate() {
            if members.iter().any(|member| member.endpoint == endpoint) {
                return Err(PoolError::Twice(endpoint.name()));
            }
            let name = endpoint.name();
            // Two tokens at one provider look the same once hidden.
            let name = match members.iter().filter(|member| member.endpoint.name() == name).count() {
                0 => name,
                before => name.numbered(before.saturating_add(1)),
            };
            members.push(Member::new(EndpointIndex(index), endpoint, name));
        }
        let client = Client::new(options)?;
        Ok(Self { inner: Arc::new(Inner { profile, members, client }) })
    }

    /// The chain.
    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    /// How many endpoints there are.
    pub fn len(&self) -> usize {
        self.inner.members.len()
    }

    /// Whether there is none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.inner.members.is_empty()
    }

    /// The endpoints' names, in the configuration's order.
    pub fn names(&self) -> Vec<EndpointName> {
        self.inner.members.iter().map(|member| member.name.clone()).collect()
    }

    /// One call to one endpoint. The caller judges the result's shape; the chain id is not asked for.
    pub async fn call(&self, at: EndpointIndex, method: &'static str, params: Value) -> Result<Value, RpcError> {
        let member = self.member(at)?;
        self.client().bounded(self.client().call(&member.endpoint, &Call::new(method, params))).await
    }

    /// Several calls to one endpoint, answered in their order.
    pub async fn batch(&self, at: EndpointIndex, calls: &[Call]) -> Result<Vec<Answer>, RpcError> {
        let member = self.member(at)?;
        self.client().bounded(member.ask(self.client(), calls)).await
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.inner.members
    }

    /// The members, the best first.
    pub(crate) fn ranked(&self) -> Vec<&Member> {
        let mut ranked: Vec<&Member> = self.members().iter().collect();
        ranked.sort_by_cached_key(|member| member.rank());
        ranked
    }

    fn member(&self, at: EndpointIndex) -> Result<&Member, RpcError> {
        self.members().get(at.0).ok_or(RpcError::NoSuchEndpoint(at.0))
    }
}
