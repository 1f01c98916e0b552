//! From times to slots and back.

use std::time::Duration;

use dogwatch_chain::{Head, Slot, Time};

/// Tells which slot a time belongs to, and when a slot begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotClock {
    anchor_slot: Slot,
    anchor_time: Time,
    interval: Duration,
}

impl SlotClock {
    /// The slots as a head block shows them: its slot began at its time.
    pub fn new(head: &Head, interval: Duration) -> Self {
        Self { anchor_slot: head.slot, anchor_time: head.time, interval }
    }

    /// The slot whose beginning is nearest to `time`; a block's timestamp is its slot's beginning.
    pub fn slot(&self, time: Time) -> Slot {
        let interval = self.interval.as_millis().max(1);
        // Half a slot more, so that a timestamp rounded to seconds falls into its own slot.
        let steps = |span: Duration| {
            let steps = span.as_millis().saturating_add(interval / 2).checked_div(interval);
            steps.and_then(|steps| u64::try_from(steps).ok()).unwrap_or(u64::MAX)
        };
        if time >= self.anchor_time {
            self.anchor_slot.plus(steps(time.since(self.anchor_time)))
        } else {
            self.anchor_slot.back(steps(self.anchor_time.since(time)))
        }
    }

    /// When a slot begins.
    pub fn time(&self, slot: Slot) -> Time {
        let span = |n: u64| self.interval.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
        if slot >= self.anchor_slot {
            self.anchor_time.plus(span(slot.since(self.anchor_slot)))
        } else {
            self.anchor_time.minus(span(self.anchor_slot.since(slot)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{INTERVAL, head, time};

    #[test]
    fn times_and_slots() {
        let clock = SlotClock::new(&head(1, 100), INTERVAL);
        let at = |millis: i64| clock.slot(Time::from_millis(time(100).as_millis() + millis)).0;
        let cases = [(0, 100), (1400, 100), (1600, 101), (3000, 101), (-1400, 100), (-1600, 99), (-300_000, 0)];
        for (millis, slot) in cases {
            assert_eq!(at(millis), slot, "{millis} ms");
        }
        assert_eq!((clock.time(Slot(90)), clock.time(Slot(110))), (time(90), time(110)));
        let fast = SlotClock::new(&head(1, 100), Duration::from_millis(50));
        assert_eq!(fast.slot(time(100).plus(Duration::from_millis(170))), Slot(103));
    }
}
