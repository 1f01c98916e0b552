//! Why a daemon cannot start.

use std::path::PathBuf;

use dogwatch_rpc::PoolError;

use crate::store::StoreError;

/// A daemon that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No place for its state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No way to its endpoints.
    #[error("chain {chain}: {source}")]
    Pool {
        /// Which chain.
        chain: String,
        /// Why.
        source: PoolError,
    },
    /// No HTTP client.
    #[error("the HTTP client could not be set up: {0}; install the system's certificates (package ca-certificates)")]
    Http(String),
    /// No control socket.
    #[error("the control socket {path} could not be opened: {source}")]
    Control {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl StartError {
    /// What an alert says of it in one line.
    pub const fn summary(&self) -> &'static str {
        match self {
            Self::Store(_) => "its state directory cannot be used",
            Self::Pool { .. } => "its endpoints cannot be used",
            Self::Http(_) => "it has no HTTPS",
            Self::Control { .. } => "its control socket cannot be opened",
        }
    }

    /// The one command to type.
    pub const fn command(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::Control { .. } => "df -h",
            Self::Pool { .. } | Self::Http(_) => "dogwatch check",
        }
    }

    /// Whether it does not start because another one runs.
    pub const fn is_another_daemon(&self) -> bool {
        matches!(self, Self::Store(StoreError::InUse(_)))
    }
}
