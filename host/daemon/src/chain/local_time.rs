//! This machine's time as a chain's task knows it. It goes on evenly from one look at the clock to the next, so that a clock
//! that is set in the middle of something changes nothing until the task takes notice of that.

use dogwatch_chain::Time;
use dogwatch_engine::{ClockReading, ClockStep, Tracker};
use dogwatch_rpc::Uptime;

use crate::clock::Clock;

/// A clock, and what it showed last.
#[derive(Clone, Copy, Debug)]
pub struct LocalTime {
    clock: Clock,
    read: ClockReading,
}

impl LocalTime {
    /// What this clock shows.
    pub fn of(clock: Clock) -> Self {
        Self { clock, read: ClockReading { shown: clock.now(), up: clock.uptime().since_start() } }
    }

    /// The time, by the last look at the clock.
    pub(super) fn now(&self) -> Time {
        self.at(self.uptime())
    }

    /// What time it was at that uptime, by the last look at the clock.
    pub(super) fn at(&self, uptime: Uptime) -> Time {
        self.read.at(uptime.since_start())
    }

    /// How long the machine has been up.
    pub(super) fn uptime(&self) -> Uptime {
        self.clock.uptime()
    }

    /// Looks at the clock, and tells the tracker if it was set since the last time.
    pub(super) fn look(&mut self, tracker: &mut Tracker) -> Option<ClockStep> {
        let last = self.read;
        *self = Self::of(self.clock);
        tracker.note_clock(&last, &self.read)
    }
}
