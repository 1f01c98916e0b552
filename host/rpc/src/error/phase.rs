//! The part of a request that took too long.

use std::fmt;

/// The part of a request that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPhase {
    /// The connection; nothing was sent yet.
    Connecting,
    /// The first byte of the answer; the request may have arrived.
    FirstByte,
    /// The rest of the answer, or several answers.
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
