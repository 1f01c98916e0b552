//! The pool's timeouts and limits.

use std::time::Duration;

/// Limits of every request, and what counts as agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// How long connecting may take, name lookup and TLS included. Default: 2 s.
    pub connect_timeout: Duration,
    /// How long the first byte of an answer may take once connected. Default: 3 s.
    pub first_byte_timeout: Duration,
    /// How long one endpoint may take for everything that one operation of the pool asks of it. Default: 4 s.
    pub total_timeout: Duration,
    /// How long a read may take in all, on however many endpoints it is tried. Default: 2 s.
    pub read_deadline: Duration,
    /// The largest answer that is read, in bytes once decompressed. Default: 4 MiB.
    pub body_limit: usize,
    /// The number of endpoints that a transaction is sent to at most. Default: 5.
    pub fan_out: usize,
    /// How many operators must say the same. Default: 2.
    pub quorum: u32,
    /// A head older than this is stale; a clock that is off by more than this is wrong. Default: 15 s.
    pub stale_after: Duration,
    /// Requests per minute for each endpoint; polls may overdraw it. Default: 300.
    pub requests_per_minute: u32,
    /// Certificate authorities trusted in addition to this machine's own, in PEM form. Default: none.
    pub authorities: Vec<Vec<u8>>,
    /// The random variation of rests, in percent. Default: 20.
    pub jitter_percent: u32,
    /// The seed of that randomness. Default: 0.
    pub seed: u64,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            first_byte_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(4),
            read_deadline: Duration::from_secs(2),
            body_limit: 4 << 20,
            fan_out: 5,
            quorum: 2,
            stale_after: Duration::from_secs(15),
            requests_per_minute: 300,
            authorities: Vec::new(),
            jitter_percent: 20,
            seed: 0,
        }
    }
}

impl PoolOptions {
    /// Sets the timeouts.
    #[must_use]
    pub fn timeouts(mut self, connect: Duration, total: Duration) -> Self {
        (self.connect_timeout, self.total_timeout) = (connect, total);
        self.first_byte_timeout = total.saturating_sub(connect).max(connect);
        self
    }

    /// Sets the largest answer that is read, in bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets the number of endpoints that a transaction is sent to.
    #[must_use]
    pub fn fan_out(mut self, endpoints: usize) -> Self {
        self.fan_out = endpoints;
        self
    }

    /// Sets the deadline of reads.
    #[must_use]
    pub fn read_deadline(mut self, deadline: Duration) -> Self {
        self.read_deadline = deadline;
        self
    }

    /// Sets how many operators must agree, and how old a head may be.
    #[must_use]
    pub fn agreement(mut self, quorum: u32, stale_after: Duration) -> Self {
        (self.quorum, self.stale_after) = (quorum, stale_after);
        self
    }

    /// Sets the request budget of each endpoint.
    #[must_use]
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = requests;
        self
    }

    /// Sets the additional certificate authorities, in PEM form.
    #[must_use]
    pub fn authorities(mut self, pem: Vec<Vec<u8>>) -> Self {
        self.authorities = pem;
        self
    }

    /// Sets the random variation of rests, in percent, and its seed.
    #[must_use]
    pub fn jitter(mut self, percent: u32, seed: u64) -> Self {
        (self.jitter_percent, self.seed) = (percent.min(100), seed);
        self
    }

    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        if self.connect_timeout.is_zero() || self.total_timeout < self.connect_timeout {
            return Err(OptionsError::Timeouts { connect: self.connect_timeout, total: self.total_timeout });
        }
        if self.body_limit < 1024 || self.fan_out == 0 || self.quorum == 0 || self.requests_per_minute == 0 {
            return Err(OptionsError::Limits);
        }
        Ok(())
    }
}

/// Options that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A timeout of zero, or a total timeout shorter than the connect timeout.
    #[error(
        "connect timeout {connect:?} and total timeout {total:?}: both must be above zero, and the total timeout at least as long as the connect timeout"
    )]
    Timeouts {
        /// As given.
        connect: Duration,
        /// As given.
        total: Duration,
    },
    /// A limit so low that nothing could be read or sent.
    #[error("body_limit must be at least 1024 bytes, and fan_out, quorum and requests_per_minute at least 1")]
    Limits,
    /// An authority's file without a certificate.
    #[error("an authority's file contains no PEM certificate; one begins with -----BEGIN CERTIFICATE-----")]
    Authority,
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {0}; check the system's certificate store")]
    Client(String),
}
