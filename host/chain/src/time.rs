//! Chain time: UTC, written without a zone.

use std::fmt;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A point in time, in milliseconds since 1970-01-01T00:00:00 UTC.
///
/// Chains write whole seconds. The milliseconds are for the slots of test networks, which may be shorter than a second,
/// and for measuring how old something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// Why a text is not a chain time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a UTC time like 2018-07-28T07:00:03")]
pub struct TimeError {
    text: String,
}

impl Time {
    /// The time `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The time `secs` seconds after the Unix epoch.
    pub const fn from_secs(secs: u32) -> Self {
        // Cannot overflow: u32::MAX * 1000 fits an i64.
        Self((secs as i64).saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as in a transaction's expiration. Clamped to the range of a `u32`.
    pub fn as_secs(self) -> u32 {
        u32::try_from(self.0.div_euclid(1000).max(0)).unwrap_or(u32::MAX)
    }

    /// How long after `earlier` this is, or zero if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The time `duration` after this one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time `duration` before this one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Reads `2018-07-28T07:00:03`, with or without a fraction of a second.
    ///
    /// # Errors
    ///
    /// Any other form. A time zone is refused too, as nodes refuse it.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError { text: text.chars().take(40).collect() };
        // `hived` writes exactly this form; jiff alone would also accept a bare date, or ignore a zone.
        let (date, clock) = text.split_once('T').ok_or_else(error)?;
        if date.len() < 10 || clock.len() < 8 || !clock.bytes().all(|b| b.is_ascii_digit() || b == b':' || b == b'.') {
            return Err(error());
        }
        let civil: DateTime = text.parse().map_err(|_| error())?;
        let timestamp = TimeZone::UTC.to_timestamp(civil).map_err(|_| error())?;
        Ok(Self(timestamp.as_millisecond()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(stamp) = jiff::Timestamp::from_millisecond(self.0) else { return write!(f, "{}ms", self.0) };
        let civil = TimeZone::UTC.to_datetime(stamp);
        if self.0.rem_euclid(1000) == 0 { write!(f, "{civil:.0}") } else { write!(f, "{civil:.3}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_chains_form() {
        let time = Time::parse("2018-07-28T07:00:03").unwrap();
        assert_eq!(time.as_secs(), 1_532_761_203);
        assert_eq!(time.to_string(), "2018-07-28T07:00:03");
        assert_eq!(Time::parse("2026-01-01T00:00:00.150").unwrap().to_string(), "2026-01-01T00:00:00.150");
        assert_eq!(Time::from_secs(u32::MAX).to_string(), "2106-02-07T06:28:15");
    }

    #[test]
    fn refuses_what_a_node_refuses() {
        for text in [
            "",
            "2018-07-28",
            "2018-07-28T07:00:03Z",
            "2018-07-28T07:00:03+01:00",
            "2018-13-01T00:00:00",
            "2018-07-28T24:00:00",
            "yesterday at noon, UTC",
            "2018-02-30T00:00:00",
        ] {
            assert!(Time::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Time::from_millis(5).since(Time::from_millis(9)), Duration::ZERO);
        assert_eq!(Time::from_millis(i64::MAX).plus(Duration::MAX), Time::from_millis(i64::MAX));
        assert_eq!(Time::from_millis(i64::MIN).minus(Duration::MAX), Time::from_millis(i64::MIN));
        assert_eq!(Time::from_millis(-1).as_secs(), 0);
    }
}
