//! How well endpoints agree, and what the answer of each is worth.

use std::fmt;
use std::time::Duration;

use dogwatch_chain::BlockNum;

/// How well the endpoints agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgreementVerdict {
    /// Enough operators show one fresh chain.
    Agreed,
    /// All endpoints belong to one operator, whose answers cannot be checked.
    OneVoice,
    /// A fresh chain, but shown by fewer operators than the quorum, or not yet at the same height.
    Thin,
    /// They show different blocks at one height, and there is no majority.
    Disagreement,
    /// All endpoints stay at one old block: the chain has halted, or all of them are cut off from it.
    Standstill,
    /// The endpoints advance together, and this machine's clock is ahead of them.
    ClockAhead {
        /// By about this much.
        by: Duration,
    },
    /// The endpoints advance together, and this machine's clock is behind them.
    ClockBehind {
        /// By about this much.
        by: Duration,
    },
    /// No endpoint shows a fresh head.
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
        /// The head's age.
        age: Duration,
    },
    /// It answers, but its head does not advance while others do.
    Frozen {
        /// The head.
        at: BlockNum,
        /// The head's age.
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
        /// By this many blocks.
        blocks: u32,
    },
    /// Its head would be fresh if this machine's clock were right.
    OffClock,
}

impl AgreementVerdict {
    /// Whether there is a head to rely on.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Agreed | Self::OneVoice)
    }
}

impl Standing {
    /// Whether other endpoints contradict this one. A silent endpoint is not contradicted.
    pub fn is_doubtful(self) -> bool {
        !matches!(self, Self::Sound | Self::Silent | Self::OffClock)
    }
}

impl fmt::Display for AgreementVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreed => f.write_str("agreed"),
            Self::OneVoice => f.write_str("one voice: all endpoints belong to one operator"),
            Self::Thin => f.write_str("thin: fewer operators than the quorum show a fresh head"),
            Self::Disagreement => f.write_str("disagreement: the endpoints show different blocks at the same height"),
            Self::Standstill => f.write_str("standstill: all endpoints stay at the same old block"),
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
            Self::Stale { at, age } => write!(f, "stale: its head, block {at}, is {} s old", age.as_secs()),
            Self::Frozen { at, age } => {
                write!(f, "frozen: it answers, but stays at block {at}, {} s old, while others advance", age.as_secs())
            }
            Self::MinorityFork { at } => write!(f, "on a minority fork: most operators have a different block {at}"),
            Self::Disputed { at } => write!(f, "disputed: another operator has a different block {at}"),
            Self::Future { by } => {
                write!(f, "from the future: its head is dated {} s ahead of this machine's clock", by.as_secs())
            }
            Self::Ahead { blocks } => write!(f, "impossible: its head is {blocks} blocks above all others"),
            Self::OffClock => {
                f.write_str("off clock: its head, like all others, is dated far from this machine's clock")
            }
        }
    }
}
