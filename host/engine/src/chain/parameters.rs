//! Whether the chain is the one that the configuration describes: its heads and schedules tell how long a slot and a round
//! are.

use std::time::Duration;

use dogwatch_chain::{Head, Slot, Time};

/// Slots between two heads until their times tell how long a slot is: times are whole seconds.
const ENOUGH_SLOTS: u64 = 8;
/// What rounding to seconds may add to the time between two heads.
const ROUNDING: Duration = Duration::from_millis(1500);

/// How the chain's parameters compare with the configured ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// Too little was seen so far.
    Unknown,
    /// They are as configured.
    AsConfigured,
    /// Slots are not as long as configured.
    Interval {
        /// The configured length of a slot.
        configured: Duration,
        /// The chain's.
        found: Duration,
    },
    /// Rounds are not as long as configured.
    Round {
        /// The configured number of slots in a round.
        configured: u32,
        /// The chain's.
        found: u32,
    },
}

impl Parameters {
    /// Whether nothing that is counted in slots can be right.
    pub fn are_wrong(self) -> bool {
        matches!(self, Self::Interval { .. } | Self::Round { .. })
    }
}

/// Measures the length of a slot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SlotLength {
    first: Option<(Slot, Time)>,
    last: Option<(Slot, Time)>,
}

impl SlotLength {
    /// Takes in the agreed head.
    pub(super) fn note(&mut self, head: &Head) {
        let here = (head.slot, head.time);
        // A fork may take heads back, never slots' times.
        if self.first.is_none_or(|(slot, _)| head.slot < slot) {
            self.first = Some(here);
        }
        self.last = Some(here);
    }

    /// Compares it with the configured one.
    pub(super) fn compare(&self, configured: Duration) -> Parameters {
        let (Some((from, since)), Some((to, until))) = (self.first, self.last) else { return Parameters::Unknown };
        let slots = to.since(from);
        if slots < ENOUGH_SLOTS {
            return Parameters::Unknown;
        }
        let count = u32::try_from(slots).unwrap_or(u32::MAX);
        let (expected, took) = (configured.saturating_mul(count), until.since(since));
        if took.abs_diff(expected) <= ROUNDING {
            return Parameters::AsConfigured;
        }
        Parameters::Interval { configured, found: took.checked_div(count).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::head;

    fn measured(interval_ms: u64, slots: u64) -> Parameters {
        let mut length = SlotLength::default();
        for slot in (0..=slots).filter(|slot| slot % 3 > 0) {
            // Whole seconds, as nodes write them.
            let time = Time::from_secs(u32::try_from(1_700_000_000 + slot * interval_ms / 1000).unwrap());
            length.note(&Head { slot: Slot(slot), time, ..head(1, slot) });
        }
        length.compare(Duration::from_secs(3))
    }

    #[test]
    fn heads_tell_how_long_a_slot_is() {
        let wrong =
            |secs| Parameters::Interval { configured: Duration::from_secs(3), found: Duration::from_secs(secs) };
        assert_eq!(measured(3000, 8), Parameters::Unknown);
        assert_eq!(measured(3000, 40), Parameters::AsConfigured);
        assert_eq!(measured(1000, 10), wrong(1));
        assert_eq!(measured(6000, 10), wrong(6));
        assert!(measured(1500, 10).are_wrong() && measured(2000, 10).are_wrong());
    }
}
