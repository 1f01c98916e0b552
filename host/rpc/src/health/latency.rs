//! The latencies of an endpoint.

use std::collections::VecDeque;
use std::time::Duration;

/// How many latencies the percentiles are taken over.
const WINDOW: usize = 64;
/// After how many answers the 90th percentile is computed again: under load there are thousands of answers a second.
const RECOMPUTED_EVERY: usize = 16;

/// The latencies of an endpoint's recent answers.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    recent: VecDeque<Duration>,
    p90: Option<Duration>,
    since_computed: usize,
    smoothed: Option<Duration>,
}

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        if self.recent.len() >= WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(latency);
        self.since_computed = self.since_computed.saturating_add(1);
        if self.recent.len() < WINDOW || self.since_computed >= RECOMPUTED_EVERY {
            (self.p90, self.since_computed) = (self.percentile(90), 0);
        }
        // One part new, three parts old.
        self.smoothed = Some(match self.smoothed {
            Some(before) => before.saturating_mul(3).saturating_add(latency).checked_div(4).unwrap_or(latency),
            None => latency,
        });
    }

    /// The average latency, recent answers weighing more.
    pub(crate) fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// The 90th percentile as of a few answers ago, at no cost.
    pub(crate) fn recent_p90(&self) -> Option<Duration> {
        self.p90
    }

    /// The latency that `percent` of the recent answers kept within.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_window() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(50), None);
        for ms in 1..=100 {
            latencies.add(Duration::from_millis(ms));
        }
        // 37 to 100 are left.
        assert_eq!(latencies.percentile(50), Some(Duration::from_millis(68)));
        assert_eq!(latencies.percentile(90), Some(Duration::from_millis(94)));
        assert_eq!(latencies.percentile(100), Some(Duration::from_millis(100)));
    }
}
