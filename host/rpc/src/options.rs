//! How patient and how greedy the pool is.

use std::time::Duration;

/// Limits of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// How long a connection may take to stand, name lookup and TLS included. Default: 2 s.
    pub connect_timeout: Duration,
    /// How long one endpoint may take for all that one call of the pool asks of it. Default: 4 s.
    pub total_timeout: Duration,
    /// The largest answer that is read, decompressed. Default: 4 MiB.
    pub body_limit: usize,
    /// To how many endpoints a transaction is sent at most. Default: 5.
    pub fan_out: usize,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            total_timeout: Duration::from_secs(4),
            body_limit: 4 << 20,
            fan_out: 5,
        }
    }
}

impl PoolOptions {
    /// These options with other timeouts.
    #[must_use]
    pub fn timeouts(mut self, connect: Duration, total: Duration) -> Self {
        (self.connect_timeout, self.total_timeout) = (connect, total);
        self
    }

    /// These options with another limit for answers.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// These options with another number of endpoints to send a transaction to.
    #[must_use]
    pub fn fan_out(mut self, endpoints: usize) -> Self {
        self.fan_out = endpoints;
        self
    }

    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        if self.connect_timeout.is_zero() || self.total_timeout < self.connect_timeout {
            return Err(OptionsError::Timeouts { connect: self.connect_timeout, total: self.total_timeout });
        }
        if self.body_limit < 1024 || self.fan_out == 0 {
            return Err(OptionsError::Limits);
        }
        Ok(())
    }
}

/// Options that contradict themselves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Zero, or the whole shorter than its part.
    #[error(
        "connect timeout {connect:?} and total timeout {total:?}: both must be above zero, and the total not the shorter"
    )]
    Timeouts {
        /// As given.
        connect: Duration,
        /// As given.
        total: Duration,
    },
    /// Nothing could be read or sent.
    #[error("body_limit must be at least 1024 bytes and fan_out at least 1")]
    Limits,
    /// The TLS library refused to start.
    #[error("the HTTP client could not be set up: {0}; check the system's certificate store")]
    Client(String),
}
