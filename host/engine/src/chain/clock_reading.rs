//! Readings of a machine's clock: whether it was set in between, and whether the machine slept.

use std::time::Duration;

use dogwatch_chain::Time;

/// On a busy machine as many milliseconds may pass between the readings of two clocks.
const NOTICED: u64 = 250;

/// A task that waits for its ticks waits no longer than a slot. After more than this many it did not run.
const SLOTS: u32 = 3;
/// On chains with short slots even a busy machine takes longer than that.
const LEAST: Duration = Duration::from_secs(5);

/// What a machine's clock showed, and how long the machine had been up then, suspended or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// What the clock showed.
    pub shown: Time,
    /// The uptime, which goes on evenly when the clock is set.
    pub up: Duration,
}

impl ClockReading {
    /// What the clock would show at that uptime if nobody had set it.
    pub fn at(&self, up: Duration) -> Time {
        self.shown.plus(up.saturating_sub(self.up)).minus(self.up.saturating_sub(up))
    }

    /// By how many milliseconds the clock was set forward until a later reading, or back if they are negative.
    pub fn set_until(&self, later: &Self) -> Option<i64> {
        let step = later.shown.as_millis().saturating_sub(self.at(later.up).as_millis());
        (step.unsigned_abs() >= NOTICED).then_some(step)
    }
}

/// A clock that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStep {
    /// By how many milliseconds forward, or back if they are negative.
    pub forward: i64,
    /// How much later it is than was known: a virtual machine that was paused has its clock set afterwards; of a measured one
    /// it is known that it was wrong.
    pub later: Duration,
}

/// Whether a task that runs would have taken notice of so long a time while it passed, on a chain with slots of this length.
pub fn is_sleep(passed: Duration, slot: Duration) -> bool {
    passed > slot.saturating_mul(SLOTS).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_rest_is_a_sleep() {
        let is_sleep = |passed, slot| is_sleep(Duration::from_secs(passed), Duration::from_secs(slot));
        assert_eq!([9, 10].map(|passed| is_sleep(passed, 3)), [false, true]);
        assert_eq!([5, 6].map(|passed| is_sleep(passed, 1)), [false, true]);
    }

    #[test]
    fn only_a_clock_that_was_set_makes_a_step() {
        let read =
            |time: u32, secs| ClockReading { shown: Time::from_secs(1_000_000 + time), up: Duration::from_secs(secs) };
        assert_eq!(read(0, 50).set_until(&read(3, 53)), None);
        assert_eq!(read(3, 53).set_until(&read(3603, 3653)), None, "the machine was suspended");
        assert_eq!(read(3603, 3653).set_until(&read(7206, 3656)), Some(3_600_000));
        assert_eq!(read(7209, 3659).set_until(&read(0, 3662)), Some(-7_212_000));
        let shown = |secs| read(7209, 3659).at(Duration::from_secs(secs)).as_secs();
        assert_eq!([3658, 3659, 3662].map(shown), [1_007_208, 1_007_209, 1_007_212]);
    }
}
