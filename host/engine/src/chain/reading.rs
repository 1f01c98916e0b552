//! What endpoints say of the chain, and what cannot be believed of it.

use std::time::Duration;

use dogwatch_agreement::WitnessAgreement;
use dogwatch_chain::{BlockId, BlockNum, Head, PublicKey, Schedule, WitnessState};

use crate::chain::offset::ServerDate;
use crate::failure::ReadFailure;

/// What one endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The head of its chain.
    pub head: Head,
    /// Its schedule.
    pub schedule: Schedule,
    /// The watched witnesses, in the order they were asked for; `None` where it knows no such witness.
    pub witnesses: Vec<Option<WitnessState>>,
}

/// What one endpoint said, or why it said nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointReading {
    /// The endpoint's name, safe to log.
    pub endpoint: String,
    /// Who runs it. Endpoints of one operator are one voice.
    pub operator: String,
    /// The `Date` of its answer, if it had one.
    pub date: Option<ServerDate>,
    /// Its answer.
    pub result: Result<Reading, ReadFailure>,
}

/// Why an endpoint does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// It did not answer properly.
    #[error("{0}")]
    Silent(ReadFailure),
    /// Its head is old.
    #[error("its head {head} is {} s old", .age.as_secs())]
    Stale {
        /// The head.
        head: BlockNum,
        /// Its age.
        age: Duration,
    },
    /// It answers, but its head stays where it is while others move on.
    #[error("it is frozen: it stays at block {head}, {} s old, while others go on", .age.as_secs())]
    Frozen {
        /// The head.
        head: BlockNum,
        /// Its age.
        age: Duration,
    },
    /// Its head is impossibly far above the others'.
    #[error("its head {head} is {blocks} blocks above all others")]
    TooHigh {
        /// The head.
        head: BlockNum,
        /// How many blocks above.
        blocks: u32,
    },
    /// Its head lies in the future.
    #[error("its head {head} is {} s ahead of this machine's clock", .ahead.as_secs())]
    Ahead {
        /// The head.
        head: BlockNum,
        /// How far it lies ahead of this machine's clock.
        ahead: Duration,
    },
    /// It has another block at a height we know.
    #[error("it has block {0}, other endpoints have another one at that height")]
    Fork(BlockId),
    /// Blocks are by other witnesses than its schedule names.
    #[error("its schedule names other producers than the blocks have")]
    WrongSchedule,
    /// As many operators have this block as have another one at that height.
    #[error("it has block {0}, as many other operators have another one at that height")]
    Disputed(BlockId),
    /// A head it has shown never became part of the chain.
    #[error("it has shown a head block that never became part of the chain")]
    BrokenClaim,
    /// Its branch lacks a block that was irreversible.
    #[error("it is on a branch without block {0}, which most endpoints had called irreversible")]
    NotFinal(BlockId),
}

/// What the trusted endpoints say of one watched witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessReading {
    /// Too few trusted endpoints have answered.
    Unread,
    /// The quorum of them, and most, say this.
    Agreed(WitnessState),
    /// They do not, or not yet: nodes show pending key changes at different moments.
    Split(Vec<PublicKey>),
    /// The quorum says that there is no such witness.
    NoSuchWitness,
}

impl From<WitnessAgreement> for WitnessReading {
    fn from(said: WitnessAgreement) -> Self {
        match said {
            WitnessAgreement::Agreed(state) => Self::Agreed(state),
            WitnessAgreement::Split(keys) => Self::Split(keys),
            WitnessAgreement::NoSuchWitness => Self::NoSuchWitness,
            WitnessAgreement::Unknown => Self::Unread,
        }
    }
}
