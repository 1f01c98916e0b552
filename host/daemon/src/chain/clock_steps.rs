//! Notices that this machine's clock was set.

use dogwatch_chain::Time;
use dogwatch_rpc::Uptime;

use crate::clock::Clock;

/// On a busy machine as many milliseconds may pass between the readings of two clocks.
const NOTICED: u64 = 250;

/// The time, and the uptime at which the clock showed it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClockSteps {
    time: Time,
    uptime: Uptime,
}

impl ClockSteps {
    /// From now on.
    pub(super) fn from(clock: Clock) -> Self {
        Self { time: clock.now(), uptime: clock.uptime() }
    }

    /// By how many milliseconds the clock was set forward since this was last asked, or back if they are negative.
    pub(super) fn next(&mut self, clock: Clock) -> Option<i64> {
        self.step(Self::from(clock))
    }

    fn step(&mut self, now: Self) -> Option<i64> {
        let before = std::mem::replace(self, now);
        let expected = before.time.plus(now.uptime.since(before.uptime));
        let step = now.time.as_millis().saturating_sub(expected.as_millis());
        (step.unsigned_abs() >= NOTICED).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_a_clock_that_was_set_makes_a_step() {
        let at = |time: u32, up: u64| ClockSteps {
            time: Time::from_secs(1_000_000 + time),
            uptime: Uptime::new(Duration::from_secs(up)),
        };
        let mut steps = at(0, 50);
        assert_eq!(steps.step(at(3, 53)), None);
        assert_eq!(steps.step(at(3603, 3653)), None, "the machine was suspended");
        assert_eq!(steps.step(at(7206, 3656)), Some(3_600_000));
        assert_eq!(steps.step(at(7209, 3659)), None, "once");
        assert_eq!(steps.step(at(0, 3662)), Some(-7_212_000));
    }
}
