//! A node's fitness, from its probes: it takes several good ones to become healthy and several bad ones to stop.

use std::time::Duration;

use dogwatch_chain::{BlockNum, ChainId, Head, Time};

use crate::log::BlockLog;
use crate::situation::Health;

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The node's own head.
    pub head: Head,
    /// The chain it says it is on, if it says.
    pub chain_id: Option<ChainId>,
    /// What it runs.
    pub version: String,
}

/// How many probes in a row change a node's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damping {
    /// Good ones to become healthy.
    pub rise: u32,
    /// Bad ones to become unhealthy.
    pub fall: u32,
}

/// Why a node is not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The probe failed.
    #[error("the probe failed: {0}")]
    Probe(String),
    /// It is on another chain.
    #[error("it is on another chain: {0}")]
    WrongChain(ChainId),
    /// Its head is old.
    #[error("its head block {head} is {} s old", .age.as_secs())]
    Behind {
        /// Its head.
        head: BlockNum,
        /// How old.
        age: Duration,
    },
    /// Its head lies in the future.
    #[error("its head block {head} is {} s ahead of this machine's clock", .ahead.as_secs())]
    Ahead {
        /// Its head.
        head: BlockNum,
        /// How far.
        ahead: Duration,
    },
    /// It has another block than the endpoints at the same height.
    #[error("it is on a fork: its block {0} is not the one the endpoints have")]
    Fork(BlockNum),
}

/// A node's probes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHealth {
    health: Health,
    since: Time,
    good: u32,
    bad: u32,
    last_good: Option<(Time, Probe)>,
    last_unfit: Option<Unfit>,
}

impl NodeHealth {
    /// Not probed yet.
    pub fn new(now: Time) -> Self {
        Self { health: Health::Unknown, since: now, good: 0, bad: 0, last_good: None, last_unfit: None }
    }

    /// The health.
    pub fn health(&self) -> Health {
        self.health
    }

    /// Since when it is what it is.
    pub fn since(&self) -> Time {
        self.since
    }

    /// When a probe last found the node fit.
    pub fn last_good(&self) -> Option<Time> {
        self.last_good.as_ref().map(|(at, _)| *at)
    }

    /// What the last good probe found.
    pub fn last_probe(&self) -> Option<&Probe> {
        self.last_good.as_ref().map(|(_, probe)| probe)
    }

    /// Why the last bad probe was bad, unless a good one came after it.
    pub fn unfit(&self) -> Option<&Unfit> {
        self.last_unfit.as_ref()
    }

    /// Age of the node's head at the last good probe, as of now.
    pub fn head_age(&self, now: Time) -> Option<Duration> {
        self.last_good.as_ref().map(|(_, probe)| now.since(probe.head.time))
    }

    /// Takes in a probe and says whether the health changed.
    pub fn note(&mut self, now: Time, damping: Damping, assessed: Result<Probe, Unfit>) -> bool {
        match assessed {
            Ok(probe) => {
                self.last_good = Some((now, probe));
                self.last_unfit = None;
                self.good = self.good.saturating_add(1);
                self.bad = 0;
            }
            Err(unfit) => {
                self.last_unfit = Some(unfit);
                self.bad = self.bad.saturating_add(1);
                self.good = 0;
            }
        }
        let health = if self.good >= damping.rise.max(1) {
            Health::Healthy
        } else if self.bad >= damping.fall.max(1) {
            Health::Unhealthy
        } else {
            self.health
        };
        let changed = health != self.health;
        if changed {
            self.health = health;
            self.since = now;
        }
        changed
    }
}

/// Judges a probe against the chain as the endpoints show it, if they agree on one.
pub(crate) fn assess(
    now: Time,
    probe: Result<Probe, String>,
    chain_id: ChainId,
    stale_after: Duration,
    log: Option<&BlockLog>,
) -> Result<Probe, Unfit> {
    let probe = probe.map_err(Unfit::Probe)?;
    if let Some(other) = probe.chain_id.filter(|id| *id != chain_id) {
        return Err(Unfit::WrongChain(other));
    }
    let head = probe.head.num();
    if log.and_then(|log| log.id_at(head)).is_some_and(|id| id != probe.head.id) {
        return Err(Unfit::Fork(head));
    }
    let age = now.since(probe.head.time);
    // A node that has all that the endpoints have is not behind: then the chain itself stands still.
    if age > stale_after && log.and_then(BlockLog::tip).is_none_or(|tip| head < tip.num()) {
        return Err(Unfit::Behind { head, age });
    }
    let ahead = probe.head.time.since(now);
    if ahead > stale_after {
        return Err(Unfit::Ahead { head, ahead });
    }
    Ok(probe)
}
