//! What speaks for a node and against it, by where it comes from.

use std::time::Duration;

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

use crate::failure::{ProbeFailure, ProbeFault};
use crate::health::{MAX_BEHIND, Unfit};

/// Where evidence about a node comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An idle connection to the node's port.
    Tripwire,
    /// A question to the node.
    Probe,
    /// What the node's own machine says.
    Beat,
}

/// What evidence about a node says, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// The node does what it should.
    Good,
    /// Nothing comes back: the node may be dead, or only the way to it cut.
    Silent,
    /// Its machine answers, and nothing listens on its port.
    Refused,
    /// It answers, and is not fit: its head is old, or it is on a fork or on another chain.
    Unfit,
    /// Its own head is old, and the endpoints have blocks that it has not: what it makes now nobody would build on.
    Behind,
    /// Its process exists and does nothing: proof for as long as it lasts.
    Stalled,
    /// Its process has ended: proof.
    Gone,
}

/// Evidence about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it comes from.
    pub source: Source,
    /// What it says.
    pub grade: Grade,
    /// For how long it has said so.
    pub lasts: Duration,
}

/// What one source has said since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) grade: Grade,
    pub(crate) since: Time,
}

impl Finding {
    /// Takes in what the source says now.
    pub(crate) fn note(this: &mut Option<Self>, now: Time, grade: Grade) {
        if this.is_none_or(|before| before.grade != grade) {
            *this = Some(Self { grade, since: now });
        }
    }

    pub(crate) fn evidence(self, now: Time, source: Source) -> Evidence {
        Evidence { source, grade: self.grade, lasts: now.since(self.since) }
    }
}

impl Unfit {
    /// What a probe that found this says.
    pub(crate) fn grade(&self) -> Grade {
        match self {
            Self::Probe(failure) => failure.grade(),
            Self::Gone | Self::Ended => Grade::Gone,
            Self::Stalled => Grade::Stalled,
            Self::Behind { missing, .. } if *missing > MAX_BEHIND => Grade::Behind,
            Self::WrongChain(_) | Self::Behind { .. } | Self::Ahead { .. } | Self::Fork(_) => Grade::Unfit,
        }
    }
}

impl ProbeFailure {
    fn grade(&self) -> Grade {
        match self.fault() {
            ProbeFault::Silent => Grade::Silent,
            ProbeFault::Refused => Grade::Refused,
            ProbeFault::Unusable => Grade::Unfit,
        }
    }
}
