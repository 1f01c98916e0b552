//! Why a daemon cannot start or go on.

use std::path::PathBuf;

use dogwatch_rpc::PoolError;
use tokio::task::JoinError;

use crate::store::StoreError;

/// The reason a daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The endpoint pool of a chain cannot be set up.
    #[error("chain {chain}: {source}")]
    Pool {
        /// The chain's name.
        chain: String,
        /// The cause.
        source: PoolError,
    },
    /// The HTTP client cannot be set up.
    #[error("the HTTP client could not be set up: {0}; install the system's certificates (package ca-certificates)")]
    Http(String),
    /// The control socket cannot be opened.
    #[error("the control socket {path} could not be opened: {source}")]
    Control {
        /// The socket's path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl StartError {
    /// The reason in one line, for the alert.
    pub const fn summary(&self) -> &'static str {
        match self {
            Self::Store(_) => "its state directory cannot be used",
            Self::Pool { .. } => "its endpoints cannot be used",
            Self::Http(_) => "it has no HTTPS",
            Self::Control { .. } => "its control socket cannot be opened",
        }
    }

    /// The command to type first.
    pub const fn command(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::Control { .. } => "df -h",
            Self::Pool { .. } | Self::Http(_) => "dogwatch check",
        }
    }

    /// Whether another daemon is running on the same state.
    pub const fn is_another_daemon(&self) -> bool {
        matches!(self, Self::Store(StoreError::InUse(_)))
    }
}

/// A part of the daemon ended, and the daemon cannot go on without it.
#[derive(Debug, thiserror::Error)]
pub enum TaskEnded {
    /// It panicked.
    #[error("a part of the daemon died: {0}")]
    Died(JoinError),
    /// It returned.
    #[error("a part of the daemon ended unexpectedly")]
    Returned,
}
