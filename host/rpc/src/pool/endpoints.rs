//! The pool's handle: its endpoints, and what they last agreed on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dogwatch_agreement::{AgreementRules, Standing};
use dogwatch_chain::{Profile, Time};
use serde_json::Value;
use tokio::time::Instant;

use crate::agreement::{Comparison, EndpointAgreement};
use crate::endpoint::{Endpoint, EndpointIndex, EndpointName, Operator, Upgrade};
use crate::error::RpcError;
use crate::health::{RequestBudget, RestPolicy};
use crate::jsonrpc::{Answer, Client, RpcCall};
use crate::options::{OptionsError, PoolOptions};
use crate::pool::error::PoolError;
use crate::pool::member::Member;
use crate::pool::ranking::{Ranking, height};

/// The endpoints of one chain. Clones share what they know.
///
/// Every method is cancel-safe and spawns no task.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: Arc<PoolInner>,
}

#[derive(Debug)]
struct PoolInner {
    profile: Profile,
    members: Vec<Arc<Member>>,
    client: Client,
    rules: AgreementRules,
    compared: Mutex<Compared>,
    ranking: Ranking,
    /// What is added to the clock's time, in milliseconds.
    clock_correction: AtomicI64,
}

/// What the endpoints agreed on in the last poll.
#[derive(Debug)]
struct Compared {
    comparison: Comparison,
    last: Option<(Arc<EndpointAgreement>, Instant)>,
}

impl Pool {
    /// A pool of these endpoints. Sends no request yet.
    ///
    /// # Errors
    ///
    /// If there is no endpoint, if one is configured twice, or if the options cannot be used.
    pub fn new(profile: Profile, endpoints: Vec<Endpoint>, options: PoolOptions) -> Result<Self, PoolError> {
        if endpoints.is_empty() {
            return Err(PoolError::Empty);
        }
        let patience = |index: usize| RestPolicy {
            interval: profile.block_interval,
            jitter_percent: options.jitter_percent,
            seed: options.seed.wrapping_add(u64::try_from(index).unwrap_or(0)),
            trial: options.total_timeout,
        };
        let mut members: Vec<Arc<Member>> = Vec::with_capacity(endpoints.len());
        for (index, endpoint) in endpoints.into_iter().enumerate() {
            if members.iter().any(|member| member.endpoint == endpoint) {
                return Err(PoolError::Twice(endpoint.name()));
            }
            let differs = |(host, address)| {
                let known = members.iter().filter_map(|member| member.endpoint.override_of());
                known.into_iter().any(|(name, other)| name == host && other != address)
            };
            if endpoint.override_of().is_some_and(differs) {
                return Err(PoolError::Address(endpoint.name()));
            }
            let name = endpoint.name();
            // Two tokens at one provider look the same once they are hidden.
            let name = match members.iter().filter(|member| member.endpoint.name() == name).count() {
                0 => name,
                before => name.numbered(before.saturating_add(1)),
            };
            let budget = RequestBudget::per_minute(options.requests_per_minute);
            members.push(Arc::new(Member::new(EndpointIndex(index), endpoint, name, patience(index), budget)));
        }
        let client = Client::new(options, members.iter().map(|member| &member.endpoint))?;
        let PoolOptions { quorum, stale_after, .. } = *client.options();
        let rules = AgreementRules { quorum, stale_after, interval: profile.block_interval };
        let compared = Mutex::new(Compared { comparison: Comparison::new(rules), last: None });
        let (ranking, clock_correction) = (Ranking::default(), AtomicI64::new(0));
        Ok(Self { inner: Arc::new(PoolInner { profile, members, client, rules, compared, ranking, clock_correction }) })
    }

    /// The chain.
    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    /// How many endpoints there are.
    pub fn endpoint_count(&self) -> usize {
        self.inner.members.len()
    }

    /// The endpoints' names, in the order of the configuration.
    pub fn names(&self) -> Vec<EndpointName> {
        self.inner.members.iter().map(|member| member.name.clone()).collect()
    }

    /// Makes one call to one endpoint. The result's shape and the chain id are not checked.
    ///
    /// # Errors
    ///
    /// If the endpoint gives no usable answer within the total timeout, or answers with an error.
    pub async fn call(&self, at: EndpointIndex, method: &'static str, params: Value) -> Result<Value, RpcError> {
        let member = self.member(at)?;
        self.client().bounded(self.client().call(&member.endpoint, &RpcCall::new(method, params))).await
    }

    /// Makes several calls to one endpoint; the answers are in the order of the calls.
    ///
    /// # Errors
    ///
    /// If the endpoint gives no usable answer within the total timeout.
    pub async fn batch(&self, at: EndpointIndex, calls: &[RpcCall]) -> Result<Vec<Answer>, RpcError> {
        let member = self.member(at)?;
        self.client().bounded(member.ask(self.client(), calls)).await
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn members(&self) -> &[Arc<Member>] {
        &self.inner.members
    }

    /// What the endpoints agreed on in the last poll; `None` once that is older than a head may be.
    pub fn agreement(&self) -> Option<Arc<EndpointAgreement>> {
        let (last, at) = self.compared().last.clone()?;
        (at.elapsed() <= self.client().options().stale_after).then_some(last)
    }

    /// The endpoints that are asked by https although `http://` was written: their names, why, and their fingerprints,
    /// for [`Endpoint::remember_upgrade`] after a restart.
    pub fn upgraded(&self) -> Vec<(EndpointName, Upgrade, String)> {
        let upgraded = |member: &Arc<Member>| {
            let why = member.endpoint.upgrade()?;
            Some((member.name.clone(), why, member.endpoint.fingerprint()))
        };
        self.members().iter().filter_map(upgraded).collect()
    }

    /// The endpoints that once answered by https, and now only by plain HTTP: their names and fingerprints.
    pub fn downgraded(&self) -> Vec<(EndpointName, String)> {
        let downgraded = self.members().iter().filter(|member| member.endpoint.is_downgraded());
        downgraded.map(|member| (member.name.clone(), member.endpoint.fingerprint())).collect()
    }

    /// A client with connections of its own to the same endpoints.
    pub(crate) fn other_client(&self) -> Result<Client, OptionsError> {
        let options = self.client().options().clone();
        Client::new(options, self.members().iter().map(|member| &member.endpoint))
    }

    /// What counts as agreement.
    pub(crate) fn rules(&self) -> &AgreementRules {
        &self.inner.rules
    }

    /// From now on heads are judged by another time than the clock's: later by this many milliseconds, or earlier if they
    /// are negative.
    pub fn correct_clock(&self, by: i64) {
        self.inner.clock_correction.store(by, Ordering::Relaxed);
    }

    /// The time, by the clock this pool was given, corrected.
    pub fn now(&self) -> Time {
        let clock = self.client().options().clock.now();
        Time::from_millis(clock.as_millis().saturating_add(self.inner.clock_correction.load(Ordering::Relaxed)))
    }

    /// How old a head may be.
    pub(crate) fn stale_after(&self) -> Duration {
        self.client().options().stale_after
    }

    /// The operators, each with the number of its endpoints, which count as one voice.
    pub fn operators(&self) -> Vec<(Operator, usize)> {
        let mut all: Vec<(Operator, usize)> = Vec::new();
        for member in self.members() {
            match all.iter_mut().find(|(operator, _)| *operator == member.operator) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => all.push((member.operator.clone(), 1)),
            }
        }
        all
    }

    /// Takes over the judgement of a round of answers.
    pub(crate) fn compare(&self, judge: impl FnOnce(&mut Comparison) -> EndpointAgreement) {
        let mut compared = self.compared();
        let agreement = judge(&mut compared.comparison);
        // If none is sound, as when the chain has halted, none is worse than the others.
        let somebody_sound = agreement.standings.iter().any(|(_, standing)| *standing == Standing::Sound);
        for (member, (_, standing)) in self.members().iter().zip(&agreement.standings) {
            let mut state = member.state();
            // Silence does not withdraw what an endpoint said before.
            state.doubted =
                somebody_sound && (standing.is_doubtful() || *standing == Standing::Silent && state.doubted);
            drop(state);
            member.changed();
        }
        compared.last = Some((Arc::new(agreement), Instant::now()));
    }

    fn compared(&self) -> MutexGuard<'_, Compared> {
        self.inner.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The height that two endpoints must have reached by now.
    pub(crate) fn height(&self) -> Option<u32> {
        height(self.members(), self.profile().block_interval)
    }

    /// The members, the best first.
    pub(crate) fn ranked(&self) -> Vec<Arc<Member>> {
        self.ranked_for("")
    }

    /// The members, the best for this method first.
    pub(crate) fn ranked_for(&self, method: &str) -> Vec<Arc<Member>> {
        self.inner.ranking.order(self.members(), method, self.profile().block_interval)
    }

    pub(crate) fn member(&self, at: EndpointIndex) -> Result<&Arc<Member>, RpcError> {
        self.members().get(at.0).ok_or(RpcError::NoSuchEndpoint(at.0))
    }
}
