//! What keeps all endpoints from showing a fresh head.

use std::time::Duration;

use dogwatch_agreement::AgreementVerdict;

/// Whether the endpoints that answer all stand at the same old block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standstill {
    /// They do not.
    No,
    /// The chain has halted, or all of them are cut off from it in the same way.
    AllAtTheSameBlock,
}

/// Whether this machine's clock fits the chain's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WallClock {
    /// It does, as far as can be told.
    Plausible,
    /// It is ahead by this much: the endpoints move on together, with older heads.
    Ahead(Duration),
    /// It is behind by this much: the endpoints move on together, with newer heads.
    Behind(Duration),
}

impl From<AgreementVerdict> for Standstill {
    fn from(verdict: AgreementVerdict) -> Self {
        match verdict {
            AgreementVerdict::Standstill => Self::AllAtTheSameBlock,
            _ => Self::No,
        }
    }
}

impl From<AgreementVerdict> for WallClock {
    fn from(verdict: AgreementVerdict) -> Self {
        match verdict {
            AgreementVerdict::ClockAhead { by } => Self::Ahead(by),
            AgreementVerdict::ClockBehind { by } => Self::Behind(by),
            _ => Self::Plausible,
        }
    }
}
