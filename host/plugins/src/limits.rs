//! What a plugin may use up.

use std::time::Duration;

/// What one call may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Instructions, roughly. The same call always uses the same.
    pub fuel: u64,
    /// Time, for what fuel does not see. Far above what the fuel lasts for, so that no decision depends on it.
    pub time: Duration,
}

/// What plugins may use up. The defaults leave a well-behaved plugin a hundred times what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a call to a policy. 50 million and 1 s.
    pub policy: Budget,
    /// For a call to a channel, and for the description of any plugin. 200 million and 1 s.
    pub channel: Budget,
    /// Linear memory of one call, all memories together. 16 MiB.
    pub memory: usize,
    /// Bytes that a call may hand to the host. 1 MiB.
    pub answer: usize,
    /// Bytes that a policy may ask to be remembered. 64 KiB.
    pub policy_memory: usize,
    /// Bytes of a plugin's file. 64 MiB.
    pub file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            policy: Budget { fuel: 50_000_000, time: Duration::from_secs(1) },
            channel: Budget { fuel: 200_000_000, time: Duration::from_secs(1) },
            memory: 16 << 20,
            answer: 1 << 20,
            policy_memory: 64 << 10,
            file: 64 << 20,
        }
    }
}

/// Alerts in a decision.
pub(crate) const ALERTS: usize = 16;
/// Bytes of a sentence: a reason, a summary, a message.
pub(crate) const SENTENCE: usize = 1000;
/// Bytes of a name or an id.
pub(crate) const NAME: usize = 100;
/// Problems, settings and other lists in a description.
pub(crate) const LIST: usize = 100;
/// Requests that deliver one alert.
pub(crate) const REQUESTS: usize = 8;
/// Bytes of an alert's details, as a channel sees them.
pub(crate) const DETAILS: usize = 32 << 10;
/// Bytes of its other texts.
pub(crate) const SUMMARY: usize = 4 << 10;
/// Recipients of a mail.
pub(crate) const RECIPIENTS: usize = 50;
/// Headers of a request.
pub(crate) const HEADERS: usize = 32;
/// Bytes of a request's address, or of a header.
pub(crate) const LINE: usize = 8 << 10;
/// Bytes of a request's body.
pub(crate) const BODY: usize = 256 << 10;
/// Bytes of an answer's body that a channel gets to see.
pub(crate) const RESPONSE: usize = 64 << 10;
