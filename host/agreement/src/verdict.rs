//! How well endpoints agree.

use std::fmt;
use std::time::Duration;

/// How well the endpoints agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgreementVerdict {
    /// Enough operators show one fresh chain.
    Agreed,
    /// All endpoints belong to one operator, whose answers cannot be checked.
    OneVoice,
    /// A fresh chain, but shown by fewer operators than the quorum, or by enough that have shown no block in common yet.
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

impl AgreementVerdict {
    /// Whether there is a head to rely on.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Agreed | Self::OneVoice)
    }
}

impl fmt::Display for AgreementVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreed => f.write_str("agreed"),
            Self::OneVoice => f.write_str("one voice: all endpoints belong to one operator"),
            Self::Thin => {
                f.write_str("thin: fewer operators than the quorum show a fresh head, or they have no block in common")
            }
            Self::Disagreement => f.write_str("disagreement: the endpoints show different blocks at the same height"),
            Self::Standstill => f.write_str("standstill: all endpoints stay at the same old block"),
            Self::ClockAhead { by } => write!(f, "this machine's clock is {} s ahead of the chain", by.as_secs()),
            Self::ClockBehind { by } => write!(f, "this machine's clock is {} s behind the chain", by.as_secs()),
            Self::Blind => f.write_str("blind: no endpoint shows a fresh head"),
        }
    }
}
