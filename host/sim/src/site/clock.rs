//! The clock of a site's machine.

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::ClockReading;

/// Whether a clock is wrong, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockFault {
    /// It is off by so many milliseconds.
    Off(i64),
    /// It gains so many milliseconds with each slot.
    Drifts(i64),
}

/// A clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct SiteClock {
    /// By the fault's number in the night: what is wrong, and since which slot.
    faults: Vec<(usize, ClockFault, u64)>,
}

impl SiteClock {
    pub(crate) fn strike(&mut self, number: usize, fault: ClockFault, slot: u64) {
        self.faults.push((number, fault, slot));
    }

    pub(crate) fn mend(&mut self, number: usize) {
        self.faults.retain(|(struck, ..)| *struck != number);
    }

    /// By how many milliseconds it is ahead.
    pub(crate) fn error(&self, slot: u64) -> i64 {
        let error = |(_, fault, since): &(usize, ClockFault, u64)| match fault {
            ClockFault::Off(millis) => *millis,
            ClockFault::Drifts(millis) => millis * i64::try_from(slot.saturating_sub(*since)).unwrap_or(0),
        };
        self.faults.iter().map(error).sum()
    }

    /// What it shows when it is that time, and how long the machine has been up: the two go on alike.
    pub(crate) fn reading(&self, now: Time, slot: u64) -> ClockReading {
        let up = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(0));
        ClockReading { shown: self.read(now, slot), up }
    }

    /// What it shows when it is that time.
    pub(crate) fn read(&self, now: Time, slot: u64) -> Time {
        Time::from_millis(now.as_millis() + self.error(slot))
    }
}
