//! What an endpoint was too slow for.

use std::fmt;

/// What an endpoint was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPhase {
    /// Nothing was sent yet.
    Connecting,
    /// The request may have arrived.
    FirstByte,
    /// The answer has begun, or several answers were waited for.
    Answering,
}

impl fmt::Display for RequestPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::FirstByte => "the first byte of the answer",
            Self::Answering => "the answer",
        })
    }
}
