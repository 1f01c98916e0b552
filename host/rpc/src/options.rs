//! How patient and how greedy the pool is.

use std::time::Duration;

/// Limits of every request, and what counts as agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// How long a connection may take to stand, name lookup and TLS included. Default: 2 s.
    pub connect_timeout: Duration,
    /// How long the first byte of an answer may take once the connection stands. Default: 3 s.
    pub first_byte_timeout: Duration,
    /// How long one endpoint may take for all that one call of the pool asks of it. Default: 4 s.
    pub total_timeout: Duration,
    /// How long a read may take in all, whichever endpoints it is tried on. Default: 2 s.
    pub read_deadline: Duration,
    /// The largest answer that is read, decompressed. Default: 4 MiB.
    pub body_limit: usize,
    /// To how many endpoints a transaction is sent at most. Default: 5.
    pub fan_out: usize,
    /// How many endpoints of different operators must say the same. Default: 2.
    pub quorum: u32,
    /// A head older than this is stale; a clock that is off by more than this is wrong. Default: 15 s.
    pub stale_after: Duration,
    /// Requests that each endpoint is to get in a minute at most. What decides may overdraw it. Default: 300.
    pub requests_per_minute: u32,
    /// Authorities that are trusted beside this machine's own, in PEM form. Default: none.
    pub authorities: Vec<Vec<u8>>,
    /// By how much a rest is shortened or lengthened at random, in percent. Default: 20.
    pub jitter_percent: u32,
    /// Where randomness comes from. Default: 0.
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
    /// These options with other timeouts.
    #[must_use]
    pub fn timeouts(mut self, connect: Duration, total: Duration) -> Self {
        (self.connect_timeout, self.total_timeout) = (connect, total);
        self.first_byte_timeout = total.saturating_sub(connect).max(connect);
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

    /// These options with another deadline for reads.
    #[must_use]
    pub fn read_deadline(mut self, deadline: Duration) -> Self {
        self.read_deadline = deadline;
        self
    }

    /// These options with another idea of agreement: how many operators, and how old a head may be.
    #[must_use]
    pub fn agreement(mut self, quorum: u32, stale_after: Duration) -> Self {
        (self.quorum, self.stale_after) = (quorum, stale_after);
        self
    }

    /// These options with another budget for each endpoint.
    #[must_use]
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = requests;
        self
    }

    /// These options with authorities, in PEM form, that are trusted beside this machine's own.
    #[must_use]
    pub fn authorities(mut self, pem: Vec<Vec<u8>>) -> Self {
        self.authorities = pem;
        self
    }

    /// These options with other randomness: rests differ by so many percent, the same ones from the same seed.
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
    #[error("body_limit must be at least 1024 bytes, and fan_out, quorum and requests_per_minute at least 1")]
    Limits,
    /// No certificate in an authority's file.
    #[error("an authority's file holds no certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----")]
    Authority,
    /// The TLS library refused to start.
    #[error("the HTTP client could not be set up: {0}; check the system's certificate store")]
    Client(String),
}
