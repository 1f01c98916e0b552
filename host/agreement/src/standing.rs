//! What one endpoint's answer is worth.

use std::fmt;
use std::time::Duration;

use dogwatch_chain::BlockNum;

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

impl Standing {
    /// Whether its head is neither old nor from the future.
    pub fn is_fresh(self) -> bool {
        matches!(self, Self::Sound | Self::MinorityFork { .. } | Self::Disputed { .. } | Self::Ahead { .. })
    }

    /// Whether others have another block at a height of which it has shown one.
    pub(crate) fn is_contradicted(self) -> bool {
        matches!(self, Self::MinorityFork { .. } | Self::Disputed { .. })
    }

    /// Whether other endpoints contradict this one. A silent endpoint is not contradicted.
    pub fn is_doubtful(self) -> bool {
        !matches!(self, Self::Sound | Self::Silent | Self::OffClock)
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
