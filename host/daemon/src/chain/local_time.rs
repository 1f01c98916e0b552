//! This machine's time as a chain's task knows it. It goes on evenly from one look at the clock to the next, so that a clock
//! that is set in the middle of something changes nothing until the task takes notice of that.

use dogwatch_chain::Time;
use dogwatch_rpc::Uptime;

use crate::clock::Clock;

/// On a busy machine as many milliseconds may pass between the readings of two clocks.
const NOTICED: u64 = 250;

/// What the clock showed, and the uptime at that moment.
#[derive(Clone, Copy, Debug)]
pub struct LocalTime {
    clock: Clock,
    time: Time,
    uptime: Uptime,
}

impl LocalTime {
    /// What this clock shows.
    pub fn of(clock: Clock) -> Self {
        Self { clock, time: clock.now(), uptime: clock.uptime() }
    }

    /// The time, by the last look at the clock.
    pub(super) fn now(&self) -> Time {
        self.at(self.uptime())
    }

    /// What time it was at that uptime, by the last look at the clock.
    pub(super) fn at(&self, uptime: Uptime) -> Time {
        self.time.plus(uptime.since(self.uptime)).minus(self.uptime.since(uptime))
    }

    /// How long the machine has been up.
    pub(super) fn uptime(&self) -> Uptime {
        self.clock.uptime()
    }

    /// Looks at the clock: by how many milliseconds it was set forward since the last time, or back if they are negative.
    pub(super) fn look(&mut self) -> Option<i64> {
        self.look_again(Self::of(self.clock))
    }

    fn look_again(&mut self, now: Self) -> Option<i64> {
        let step = now.time.as_millis().saturating_sub(self.at(now.uptime).as_millis());
        *self = now;
        (step.unsigned_abs() >= NOTICED).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_a_clock_that_was_set_makes_a_step() {
        let up = |secs| Uptime::new(Duration::from_secs(secs));
        let shown = |time: u32, secs: u64| LocalTime {
            clock: Clock::system(),
            time: Time::from_secs(1_000_000 + time),
            uptime: up(secs),
        };
        let mut local = shown(0, 50);
        assert_eq!(local.look_again(shown(3, 53)), None);
        assert_eq!(local.look_again(shown(3603, 3653)), None, "the machine was suspended");
        assert_eq!(local.look_again(shown(7206, 3656)), Some(3_600_000));
        assert_eq!(local.look_again(shown(7209, 3659)), None, "once");
        assert_eq!([3658, 3659, 3662].map(|secs| local.at(up(secs)).as_secs()), [1_007_208, 1_007_209, 1_007_212]);
        assert_eq!(local.look_again(shown(0, 3662)), Some(-7_212_000));
        assert_eq!(local.at(up(3659)).as_secs(), 999_997, "what has passed is seen by the new time");
    }
}
