//! When something happens: a slot of the night, or a time of day.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// Seconds of a slot.
const SLOT: u32 = 3;
/// Seconds of a day.
const DAY: u32 = 86_400;

/// A time of day, UTC, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock(pub(super) u32);

impl Clock {
    /// Reads `HH:MM` or `HH:MM:SS`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':').map(|part| match part.len() {
            2 if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse::<u32>().ok(),
            _ => None,
        });
        let (hours, minutes) = (parts.next()??, parts.next()??);
        let seconds = parts.next().unwrap_or(Some(0))?;
        let fits = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none();
        let sum = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?;
        fits.then_some(Self(sum))
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [hours, minutes, seconds] =
            [self.0.div_euclid(3600), self.0.div_euclid(60).rem_euclid(60), self.0.rem_euclid(60)];
        write!(f, "{hours:02}:{minutes:02}")?;
        if seconds == 0 { Ok(()) } else { write!(f, ":{seconds:02}") }
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is no time of day: write HH:MM or HH:MM:SS")))
    }
}

/// A slot of the night, from 0 on, or the next time that the clock shows that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a slot, as a whole number, or a time of day, as \"HH:MM\" or \"HH:MM:SS\"")]
pub(super) enum Moment {
    Slot(u64),
    Clock(Clock),
}

impl Moment {
    /// Which slot that is in a night that begins then.
    pub(super) fn slot(self, begins: Clock) -> u64 {
        match self {
            Self::Slot(slot) => slot,
            Self::Clock(clock) => {
                let after = clock.0.saturating_add(DAY).saturating_sub(begins.0).rem_euclid(DAY);
                u64::from(after.div_euclid(SLOT))
            }
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(slot) => write!(f, "slot {slot}"),
            Self::Clock(clock) => clock.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read_and_written() {
        assert_eq!(Clock::parse("02:30"), Some(Clock(9000)));
        assert_eq!(Clock::parse("23:59:58").map(|clock| clock.to_string()), Some("23:59:58".to_owned()));
        for wrong in ["", "2:30", "24:00", "02:60", "02:30:60", "02:30:00:00", "02", "ab:cd", "-1:00", "+1:00"] {
            assert_eq!(Clock::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn midnight_lies_within_a_night() {
        let evening = Clock(23 * 3600);
        assert_eq!(Moment::Clock(Clock(23 * 3600)).slot(evening), 0);
        assert_eq!(Moment::Clock(Clock(0)).slot(evening), 1200);
        assert_eq!(Moment::Slot(7).slot(evening), 7);
    }
}
