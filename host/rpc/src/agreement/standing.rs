//! The words for how endpoints stand to each other.

use std::fmt;
use std::time::Duration;

use dogwatch_chain::BlockNum;

/// How well the endpoints agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgreementVerdict {
    /// Enough operators show one fresh chain.
    Agreed,
    /// All endpoints are of one operator, whose word cannot be checked.
    OneVoice,
    /// A fresh chain, shown by fewer than must agree, or not yet by two of them at one height.
    Thin,
    /// They show different blocks at one height, and there is no majority.
    Disagreement,
    /// They all stand at one old block: the chain has halted, or they are cut off together.
    Standstill,
    /// They go on together, and this machine's clock is ahead of them.
    ClockAhead {
        /// By about this much.
        by: Duration,
    },
    /// They go on together, and this machine's clock is behind them.
    ClockBehind {
        /// By about this much.
        by: Duration,
    },
    /// Nobody shows a fresh head.
    Blind,
}

/// What one endpoint's answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It counts.
    Sound,
    /// It did not answer properly.
    Silent,
    /// Its head is old.
    Stale {
        /// The head.
        at: BlockNum,
        /// How old.
        age: Duration,
    },
    /// It answers, and its head stays where it is while others go on.
    Frozen {
        /// The head.
        at: BlockNum,
        /// How old.
        age: Duration,
    },
    /// More operators have another block at that height.
    MinorityFork {
        /// The height.
        at: BlockNum,
    },
    /// As many operators have another block at that height.
    Disputed {
        /// The height.
        at: BlockNum,
    },
    /// Its head is dated in the future.
    Future {
        /// By this much.
        by: Duration,
    },
    /// Its head is impossibly far above that of the others.
    Ahead {
        /// By so many blocks.
        blocks: u32,
    },
    /// It would count if this machine's clock were right.
    OffClock,
}

impl AgreementVerdict {
    /// Whether there is a head to go by.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Agreed | Self::OneVoice)
    }
}

impl Standing {
    /// Whether others speak against what the endpoint says; that it says nothing is another matter.
    pub fn is_doubtful(self) -> bool {
        !matches!(self, Self::Sound | Self::Silent | Self::OffClock)
    }
}

impl fmt::Display for AgreementVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreed => f.write_str("agreed"),
            Self::OneVoice => f.write_str("one voice: all endpoints are of one operator"),
            Self::Thin => f.write_str("thin: fewer show a fresh chain than must agree"),
            Self::Disagreement => f.write_str("disagreement: the endpoints show different blocks at one height"),
            Self::Standstill => f.write_str("standstill: all endpoints stay at one old block"),
            Self::ClockAhead { by } => write!(f, "this machine's clock is {} s ahead of the chain", by.as_secs()),
            Self::ClockBehind { by } => write!(f, "this machine's clock is {} s behind the chain", by.as_secs()),
            Self::Blind => f.write_str("blind: no endpoint shows a fresh head"),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sound => f.write_str("sound"),
            Self::Silent => f.write_str("silent"),
            Self::Stale { at, age } => write!(f, "stale: its head {at} is {} s old", age.as_secs()),
            Self::Frozen { at, age } => {
                write!(f, "frozen: it answers, but stays at block {at}, {} s old, while others go on", age.as_secs())
            }
            Self::MinorityFork { at } => write!(f, "on a minority fork: most have another block {at}"),
            Self::Disputed { at } => write!(f, "disputed: another endpoint has another block {at}"),
            Self::Future { by } => write!(f, "from the future: its head is dated {} s ahead", by.as_secs()),
            Self::Ahead { blocks } => write!(f, "impossible: its head is {blocks} blocks above the others'"),
            Self::OffClock => f.write_str("dated otherwise than this machine's clock, like all others"),
        }
    }
}
