//! Notices that this process did not run: the machine was suspended, or far too busy.

use std::time::Duration;

use dogwatch_chain::Time;
use tokio::time::Instant;

/// A task that waits for its ticks waits no longer than a slot. After more than this many it did not run.
const SLOTS: u32 = 3;
/// On chains with short slots even a busy machine takes longer than that.
const LEAST: Duration = Duration::from_secs(5);

/// The time that a task waits for what comes next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    most: Duration,
    began: Instant,
    at: Time,
}

impl Rest {
    /// On a chain with slots of this length; it begins now.
    pub(super) fn of(slot: Duration, now: Time) -> Self {
        Self { most: slot.saturating_mul(SLOTS).max(LEAST), began: Instant::now(), at: now }
    }

    /// It begins now.
    pub(super) fn begin(&mut self, now: Time) {
        (self.began, self.at) = (Instant::now(), now);
    }

    /// How long it was, if it was longer than a running process waits. While a whole machine is suspended only the clock on
    /// the wall goes on.
    pub(super) fn end(&self, now: Time) -> Option<Duration> {
        let rested = self.began.elapsed().max(now.since(self.at));
        (rested > self.most).then_some(rested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_rest_is_a_sleep() {
        let at = |secs: u32| Time::from_secs(1_000_000 + secs);
        let mut rest = Rest::of(Duration::from_secs(3), at(0));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(rest.end(at(9)), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(rest.end(at(9)), Some(Duration::from_secs(10)), "by the monotonic clock");
        rest.begin(at(9));
        assert_eq!(rest.end(at(3609)), Some(Duration::from_secs(3600)), "by the clock on the wall");
        assert_eq!(rest.end(at(0)), None, "a clock set back is no sleep");
    }
}
