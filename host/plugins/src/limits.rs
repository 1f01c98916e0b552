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

#[cfg(test)]
pub(crate) mod book {
    //! The book's table of limits.

    const PAGE: &str = include_str!("../../../docs/src/authors/limits.md");

    /// The limit that the table gives beside a constant's name.
    pub(crate) fn limit(constant: &str) -> Option<&'static str> {
        let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
        let named = |row: &Vec<&str>| row.iter().any(|cell| *cell == format!("`{constant}`"));
        PAGE.lines().map(cells).find(named).and_then(|row| row.get(2).copied())
    }

    /// A number as the table writes it.
    pub(crate) fn grouped(number: u64) -> String {
        match (number / 1000, number % 1000) {
            (0, rest) => rest.to_string(),
            (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
        }
    }

    /// A size as the table writes it.
    pub(crate) fn size(bytes: u64) -> String {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let whole = |(unit, name): (u64, &str)| {
            let count = bytes.checked_div(unit).filter(|count| *count > 0 && bytes.is_multiple_of(unit))?;
            Some(format!("{count} {name}"))
        };
        units.into_iter().find_map(whole).unwrap_or_else(|| format!("{} bytes", grouped(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::book::{grouped, limit, size};
    use super::*;
    use crate::library::catalog::HURRIED;

    #[test]
    fn the_book_says_so() {
        let Limits { policy, channel, memory, answer, policy_memory, file } = Limits::default();
        let compiler = CompileBudget::default();
        let units = |fuel| format!("{} units", grouped(fuel));
        let seconds = |time: Duration| format!("{} s", time.as_secs());
        let sizes = [
            ("Limits::memory", memory as u64),
            ("Limits::answer", answer as u64),
            ("Limits::policy_memory", policy_memory as u64),
            ("Limits::file", file),
            ("CompileBudget::memory", compiler.memory),
            ("SENTENCE", SENTENCE as u64),
            ("NAME", NAME as u64),
            ("DETAILS", DETAILS as u64),
            ("SUMMARY", SUMMARY as u64),
            ("LINE", LINE as u64),
            ("BODY", BODY as u64),
            ("RESPONSE", RESPONSE as u64),
        ];
        let counts = [
            ("ALERTS", ALERTS),
            ("LIST", LIST),
            ("REQUESTS", REQUESTS),
            ("RECIPIENTS", RECIPIENTS),
            ("HEADERS", HEADERS),
        ];
        let others = [
            ("Limits::policy.fuel", units(policy.fuel)),
            ("Limits::policy.time", seconds(policy.time)),
            ("Limits::channel.fuel", units(channel.fuel)),
            ("Limits::channel.time", seconds(channel.time)),
            ("CompileBudget::processor", seconds(compiler.processor)),
            ("CompileBudget::clock", seconds(compiler.clock)),
            ("HURRIED", seconds(HURRIED)),
        ];
        let sizes = sizes.map(|(name, bytes)| (name, size(bytes)));
        let counts = counts.map(|(name, count)| (name, count.to_string()));
        for (name, expected) in sizes.into_iter().chain(counts).chain(others) {
            assert_eq!(limit(name), Some(expected.as_str()), "{name}");
        }
    }
}
