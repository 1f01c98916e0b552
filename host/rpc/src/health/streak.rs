//! Failures in a row, and the rest after each.
//!
//! Failures in a row count, not shares of a window: at one request in three seconds a window takes minutes to fill.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::Instant;

use crate::error::RpcError;

/// The longest rest: failover within seconds must not wait for minutes.
const LONGEST_REST: Duration = Duration::from_secs(15);
/// The longest rest in block intervals, which matters on test networks with short ones.
const LONGEST_REST_IN_BLOCKS: u32 = 5;
/// How long a failing endpoint rests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RestPolicy {
    /// Time from block to block.
    pub(crate) interval: Duration,
    /// The random variation of a rest, in percent.
    pub(crate) jitter_percent: u32,
    /// The seed of the endpoint's randomness.
    pub(crate) seed: u64,
    /// How long the single request that tries an endpoint after its rest may take.
    pub(crate) trial: Duration,
}

/// Failures in a row, and the rest after the last. Once it is over, a single request tries the endpoint, and the others
/// wait for its outcome.
#[derive(Debug, Default)]
pub(super) struct FailureStreak {
    pub(super) failures: u32,
    pub(super) last_error: Option<RpcError>,
    pub(super) rests_until: Option<Instant>,
    trial_until: Option<Instant>,
}

impl FailureStreak {
    pub(super) fn failed(&mut self, error: &RpcError, now: Instant, patience: RestPolicy) {
        let rest = jittered(rest(self.failures, patience.interval), self.failures, patience);
        (self.rests_until, self.trial_until) = (now.checked_add(rest), None);
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error.clone());
    }

    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.rests_until.is_none_or(|until| until <= now) && self.trial_until.is_none_or(|until| until <= now)
    }

    /// Marks the trial after a rest as under way.
    pub(super) fn take_trial(&mut self, now: Instant, patience: RestPolicy) {
        if self.rests_until.is_some() {
            self.trial_until = now.checked_add(patience.trial);
        }
    }
}

/// One block interval after the first failure, twice as long after each further one.
fn rest(failures_before: u32, interval: Duration) -> Duration {
    let blocks = 1_u32.checked_shl(failures_before).unwrap_or(u32::MAX).min(LONGEST_REST_IN_BLOCKS);
    interval.saturating_mul(blocks).min(LONGEST_REST)
}

/// Varies a rest at random: several daemons must not return to a recovering endpoint in the same instant.
fn jittered(rest: Duration, failures: u32, patience: RestPolicy) -> Duration {
    let spread = patience.jitter_percent.min(100);
    let mut random = SmallRng::seed_from_u64(patience.seed.rotate_left(32) ^ u64::from(failures));
    let percent = random.random_range(100_u32.saturating_sub(spread)..=100_u32.saturating_add(spread));
    rest.saturating_mul(percent).checked_div(100).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: RestPolicy =
        RestPolicy { interval: Duration::from_secs(3), jitter_percent: 0, seed: 1, trial: Duration::from_secs(4) };

    #[test]
    fn rests_grow_and_stay_short() {
        let seconds: Vec<u64> = (0..40).map(|n| rest(n, Duration::from_secs(3)).as_secs()).collect();
        assert_eq!(seconds[..5], [3, 6, 12, 15, 15]);
        assert!(seconds[5..].iter().all(|s| *s == 15));
        assert_eq!(rest(9, Duration::from_millis(150)), Duration::from_millis(750));
        assert_eq!(rest(9, Duration::from_secs(60)), LONGEST_REST);
    }

    #[test]
    fn rests_differ_between_endpoints_and_not_between_replays() {
        let of = |seed| {
            let patience = RestPolicy { jitter_percent: 20, seed, ..CALM };
            (0..8).map(|n| jittered(Duration::from_secs(10), n, patience).as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!(of(3).iter().all(|ms| (8000..=12_000).contains(ms)), "{:?}", of(3));
    }
}
