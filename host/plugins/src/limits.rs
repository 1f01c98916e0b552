//! What a plugin may use up.

use std::time::Duration;

/// What one call may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallBudget {
    /// Instructions, roughly. The same call always uses the same amount.
    pub fuel: u64,
    /// Wall-clock time, for what fuel does not count. Far more than the fuel lasts for, so that no decision depends on
    /// it.
    pub time: Duration,
}

/// What the compiler may use up for one plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileBudget {
    /// Address space, in bytes. Default: 2 GiB.
    pub memory: u64,
    /// Processor time. Default: 180 s. The largest runtime of a language that was tried, StarlingMonkey with 12 MB, took 64 s.
    pub processor: Duration,
    /// Time by the clock. Default: 300 s.
    pub clock: Duration,
}

impl Default for CompileBudget {
    fn default() -> Self {
        Self { memory: 2 << 30, processor: Duration::from_secs(180), clock: Duration::from_secs(300) }
    }
}

/// What plugins may use up. The defaults leave a well-behaved plugin a hundred times what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a call to a policy. Default: 50 million units of fuel and 1 s.
    pub policy: CallBudget,
    /// For a call to a channel, and for the description of any plugin. Default: 200 million units of fuel and 1 s.
    pub channel: CallBudget,
    /// Linear memory of one call, all memories together, in bytes. Default: 16 MiB.
    pub memory: usize,
    /// What a call may return to the host, in bytes. Default: 1 MiB.
    pub answer: usize,
    /// The memory that a policy may keep between calls, in bytes. Default: 64 KiB.
    pub policy_memory: usize,
    /// A plugin's file, in bytes. Default: 64 MiB.
    pub file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            policy: CallBudget { fuel: 50_000_000, time: Duration::from_secs(1) },
            channel: CallBudget { fuel: 200_000_000, time: Duration::from_secs(1) },
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
/// Requests that deliver one message.
pub(crate) const REQUESTS: usize = 8;
/// Bytes of an alert's details, as a channel sees them.
pub(crate) const DETAILS: usize = 32 << 10;
/// Bytes of its summary, remedy and command, as a channel sees them.
pub(crate) const SUMMARY: usize = 4 << 10;
/// Recipients of a mail.
pub(crate) const RECIPIENTS: usize = 50;
/// Headers of a request.
pub(crate) const HEADERS: usize = 32;
/// Bytes of a request's URL, or of a header.
pub(crate) const LINE: usize = 8 << 10;
/// Bytes of a request's body.
pub(crate) const BODY: usize = 256 << 10;
/// Bytes of a response's body that a channel sees.
pub(crate) const RESPONSE: usize = 64 << 10;
