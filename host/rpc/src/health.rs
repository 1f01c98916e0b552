//! What the pool remembers of an endpoint's polls.

use std::collections::VecDeque;
use std::time::Duration;

use dogwatch_chain::Head;
use tokio::time::Instant;

use crate::error::RpcError;

/// How many latencies the percentiles are taken over.
const WINDOW: usize = 64;
/// No endpoint rests longer: a chain that fails over in seconds must not wait for minutes.
const LONGEST_REST: Duration = Duration::from_secs(15);
/// No endpoint rests for more block intervals than this: it matters on test networks with short ones.
const LONGEST_REST_IN_BLOCKS: u32 = 5;

/// An endpoint's recent past.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failures: u32,
    last_error: Option<RpcError>,
    resting_until: Option<Instant>,
    latencies: VecDeque<Duration>,
    smoothed: Option<Duration>,
    head: Option<Head>,
}

impl Health {
    pub(crate) fn succeeded(&mut self, head: &Head, latency: Duration) {
        (self.failures, self.last_error, self.resting_until) = (0, None, None);
        self.head = Some(head.clone());
        if self.latencies.len() >= WINDOW {
            self.latencies.pop_front();
        }
        self.latencies.push_back(latency);
        // One part new, three parts old.
        self.smoothed = Some(match self.smoothed {
            Some(before) => before.saturating_mul(3).saturating_add(latency).checked_div(4).unwrap_or(latency),
            None => latency,
        });
    }

    pub(crate) fn failed(&mut self, error: &RpcError, now: Instant, interval: Duration) {
        self.last_error = Some(error.clone());
        self.resting_until = now.checked_add(rest(self.failures, interval));
        self.failures = self.failures.saturating_add(1);
    }

    /// The last error, while the endpoint rests from it.
    pub(crate) fn resting(&self, now: Instant) -> Option<&RpcError> {
        self.resting_until.filter(|until| now < *until).and(self.last_error.as_ref())
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn last_error(&self) -> Option<&RpcError> {
        self.last_error.as_ref()
    }

    pub(crate) fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    pub(crate) fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// The latency that so many percent of the recent answers kept below.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.latencies.iter().copied().collect();
        sorted.sort_unstable();
        let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied()
    }
}

/// One block interval after the first failure, twice as long after each further one.
fn rest(failures_before: u32, interval: Duration) -> Duration {
    let blocks = 1_u32.checked_shl(failures_before).unwrap_or(u32::MAX).min(LONGEST_REST_IN_BLOCKS);
    interval.saturating_mul(blocks).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_stay_short() {
        let seconds: Vec<u64> = (0..40).map(|n| rest(n, Duration::from_secs(3)).as_secs()).collect();
        assert_eq!(seconds[..5], [3, 6, 12, 15, 15]);
        assert!(seconds[5..].iter().all(|s| *s == 15));
        assert_eq!(rest(9, Duration::from_millis(150)), Duration::from_millis(750));
        assert_eq!(rest(9, Duration::from_secs(60)), LONGEST_REST);
    }

    #[test]
    fn percentiles_are_those_of_the_window() {
        let mut health = Health::default();
        assert_eq!(health.percentile(50), None);
        let head = Head {
            id: Default::default(),
            time: Default::default(),
            slot: Default::default(),
            irreversible: Default::default(),
            participation: 128,
        };
        for ms in 1..=100 {
            health.succeeded(&head, Duration::from_millis(ms));
        }
        // 37 to 100 are left.
        assert_eq!(health.percentile(50), Some(Duration::from_millis(68)));
        assert_eq!(health.percentile(90), Some(Duration::from_millis(94)));
        assert_eq!(health.percentile(100), Some(Duration::from_millis(100)));
    }
}
