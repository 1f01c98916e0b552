//! From times to slots and back.

use std::time::Duration;

use dogwatch_chain::{Head, Slot, Time};

/// Tells which slot a time belongs to, and when a slot begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotClock {
    anchor_slot: Slot,
    anchor_time: Time,
    interval_ms: u64,
}

impl SlotClock {
    /// The slots as a head block shows them: its slot began at its time.
    pub fn new(head: &Head, interval: Duration) -> Self {
        let interval_ms = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).max(1);
        Self { anchor_slot: head.slot, anchor_time: head.time, interval_ms }
    }

    /// The slot whose beginning is nearest to `time`; a block's timestamp is its slot's beginning.
    pub fn slot(&self, time: Time) -> Slot {
        // Half a slot more, so that a timestamp rounded to seconds falls into its own slot.
        let steps =
            |span: u64| span.saturating_add(self.interval_ms / 2).checked_div(self.interval_ms).unwrap_or(u64::MAX);
        let (time, anchor) = (time.as_millis(), self.anchor_time.as_millis());
        if time >= anchor {
            self.anchor_slot.plus(steps(time.abs_diff(anchor)))
        } else {
            self.anchor_slot.back(steps(time.abs_diff(anchor)))
        }
    }

    /// When a slot begins.
    pub fn time(&self, slot: Slot) -> Time {
        let span = |n: u64| Duration::from_millis(self.interval_ms.saturating_mul(n));
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
