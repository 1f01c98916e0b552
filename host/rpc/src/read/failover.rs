//! Failover: one endpoint after the other, never more than two at once, in time for a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::endpoint::EndpointIndex;
use crate::error::{RequestPhase, RpcError};
use crate::jsonrpc::Client;
use crate::pool::{ChainCheck, Member, Pool, ensure_right_chain};
use crate::read::error::ReadError;
use crate::read::hedge::{Entrant, race};

/// How long an endpoint may take before the next one is asked as well, while its 90th percentile is unknown.
const UNKNOWN_PATIENCE: Duration = Duration::from_millis(250);
/// The longest time before the next one is asked, whatever the 90th percentile.
const MOST_PATIENCE: Duration = Duration::from_secs(1);
/// The shortest time before the next one is asked: loopback is fast until the machine is busy.
const LEAST_PATIENCE: Duration = Duration::from_millis(20);

/// How long a read may take in all, and each endpoint within that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    pub(crate) whole: Duration,
    pub(crate) each: Duration,
}

/// An endpoint that was given up after this time counts as failed.
const HANGING: Duration = Duration::from_millis(500);

impl Pool {
    pub(crate) fn read_deadlines(&self) -> Deadlines {
        let options = self.client().options();
        Deadlines { whole: options.read_deadline, each: options.total_timeout }
    }

    /// Makes the attempt with one member after the other, in this order and hedged, until one succeeds or the deadline
    /// passes. Members of last resort are asked only after all others have failed.
    pub(crate) async fn first<T, F>(
        &self,
        method: &str,
        members: Vec<Arc<Member>>,
        (client, deadlines): (&Client, Deadlines),
        attempt: impl Fn(Arc<Member>) -> F,
    ) -> Result<(EndpointIndex, T), ReadError>
    where
        F: Future<Output = Result<T, RpcError>>,
    {
        if deadlines.whole.is_zero() {
            return Err(ReadError { causes: Vec::new(), deadline: Some(deadlines.whole) });
        }
        // An attempt that may take as long as the whole read needs no limit of its own.
        let each = Some(deadlines.each).filter(|each| *each < deadlines.whole);
        let expired = AtomicBool::new(false);
        let (last_resort, sound): (Vec<_>, Vec<_>) =
            members.iter().cloned().partition(|member| member.is_last_resort());
        let run = |members: Vec<Arc<Member>>| {
            let entrant = |who: Arc<Member>| Entrant { patience: patience(&who, deadlines.whole), who };
            let late = |member: Arc<Member>, waited: Duration| give_up(&member, method, waited);
            let asked = |member: Arc<Member>| {
                let work = attempt(Arc::clone(&member));
                self.attempt(client, method, member, each, &expired, work)
            };
            race(members.into_iter().map(entrant).collect::<Vec<_>>(), asked, late)
        };
        let all = async {
            let mut errors = Vec::new();
            for tier in [sound, last_resort].into_iter().filter(|tier| !tier.is_empty()) {
                match run(tier).await {
                    Ok(won) => return Ok(won),
                    Err(failed) => errors.extend(failed),
                }
            }
            Err(errors)
        };
        let mut all = std::pin::pin!(all);
        let ended = tokio::time::timeout(deadlines.whole, all.as_mut()).await;
        // Attempts still under way were too slow, unless the caller dropped the read.
        expired.store(ended.is_err(), Ordering::Relaxed);
        match ended {
            Ok(Ok((member, answer))) => Ok((member.index, answer)),
            Ok(Err(errors)) => {
                let causes = errors.into_iter().map(|(member, error): (Arc<Member>, _)| (member.name.clone(), error));
                Err(ReadError { causes: causes.collect(), deadline: None })
            }
            Err(_) => {
                let failing = members.iter().filter_map(|member| {
                    let error = member.state().health.last_error_of(method).cloned()?;
                    Some((member.name.clone(), error))
                });
                Err(ReadError { causes: failing.collect(), deadline: Some(deadlines.whole) })
            }
        }
    }

    async fn attempt<T>(
        &self,
        client: &Client,
        method: &str,
        member: Arc<Member>,
        after: Option<Duration>,
        expired: &AtomicBool,
        work: impl Future<Output = Result<T, RpcError>>,
    ) -> Result<T, RpcError> {
        let member = &*member;
        let mut unfinished = Unfinished { member, method, began: Instant::now(), expired, finished: false };
        let asking = async {
            ensure_right_chain(client, member, self.profile()).await?;
            member.reading(method);
            unfinished.began = Instant::now();
            work.await
        };
        let outcome = match after {
            None => asking.await,
            Some(after) => match tokio::time::timeout(after, asking).await {
                Ok(outcome) => outcome,
                Err(_) => Err(RpcError::Timeout { phase: RequestPhase::Answering, after }),
            },
        };
        unfinished.finished = true;
        match &outcome {
            Ok(_) => member.state().health.succeeded(method, unfinished.began.elapsed()),
            // That was known before anything was asked.
            Err(RpcError::WrongChain { .. }) if matches!(member.state().chain, ChainCheck::Wrong { .. }) => {}
            Err(error) => member.read_failed(method, error),
        }
        outcome
    }
}

/// How long an endpoint may take before the next is asked: its 90th percentile, but short enough for two to be asked
/// before the deadline.
fn patience(member: &Member, deadline: Duration) -> Duration {
    let usual = member.state().health.latencies().recent_p90().unwrap_or(UNKNOWN_PATIENCE);
    usual.max(LEAST_PATIENCE).min(MOST_PATIENCE).min(deadline.mul_f32(0.5))
}

/// Records that another endpoint was faster, or was asked instead: the time waited counts as a latency, and a long one
/// as a failure. Without this a hanging endpoint would never lose its rank.
fn give_up(member: &Member, method: &str, waited: Duration) {
    member.state().health.took(waited);
    if waited >= HANGING {
        member.read_failed(method, &RpcError::Timeout { phase: RequestPhase::FirstByte, after: waited });
    }
}

/// A request under way.
struct Unfinished<'a> {
    member: &'a Member,
    method: &'a str,
    began: Instant,
    expired: &'a AtomicBool,
    finished: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.finished && self.expired.load(Ordering::Relaxed) {
            give_up(self.member, self.method, self.began.elapsed());
        }
    }
}
