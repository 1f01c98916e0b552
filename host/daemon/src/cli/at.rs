//! `--at`: the moment from which on something is to be done.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

use crate::clock::Clock;

/// How long to sleep at most before the clock is read again: it may be set, and the machine be suspended.
const NAP: Duration = Duration::from_secs(10);

/// A moment that the command line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The next time that a clock in UTC shows this.
    TimeOfDay(civil::Time),
    /// This one.
    Timestamp(Timestamp),
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(timestamp) = text.parse() {
            return Ok(Self::Timestamp(timestamp));
        }
        let time = civil::Time::strptime("%H:%M", text);
        let help = "write a time of day in UTC, such as 02:00, or a moment such as 2026-08-01T02:00:00+02:00";
        time.map(Self::TimeOfDay).map_err(|_| help.to_owned())
    }
}

impl Moment {
    /// When that is. `None` if it is past.
    pub(super) fn after(self, now: Timestamp) -> Option<Timestamp> {
        let time = match self {
            Self::Timestamp(at) => return Some(at).filter(|at| *at >= now),
            Self::TimeOfDay(time) => time,
        };
        let today = TimeZone::UTC.to_datetime(now).date();
        let days = [Some(today), today.tomorrow().ok()];
        let mut moments =
            days.into_iter().flatten().filter_map(|day| TimeZone::UTC.to_timestamp(day.to_datetime(time)).ok());
        moments.find(|moment| *moment >= now)
    }
}

/// What the clock shows.
pub(super) fn now(clock: Clock) -> Timestamp {
    Timestamp::from_millisecond(clock.now().as_millis()).unwrap_or(Timestamp::MAX)
}

/// Sleeps until the clock shows that.
pub(super) async fn until(at: Timestamp, clock: Clock) {
    loop {
        let left = at.duration_since(now(clock));
        if left <= SignedDuration::ZERO {
            return;
        }
        tokio::time::sleep(left.unsigned_abs().min(NAP)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let now: Timestamp = "2026-12-31T22:30:00Z".parse().unwrap();
        let after = |text: &str| text.parse::<Moment>().unwrap().after(now).map(|at| at.to_string());
        let cases = [
            ("23:00", Some("2026-12-31T23:00:00Z")),
            ("22:30", Some("2026-12-31T22:30:00Z")),
            ("02:00", Some("2027-01-01T02:00:00Z")),
            ("2027-01-01T00:00:00+01:00", Some("2026-12-31T23:00:00Z")),
            ("2026-12-31T22:29:59Z", None),
        ];
        for (text, at) in cases {
            assert_eq!(after(text).as_deref(), at, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "2", "24:00", "tomorrow", "02:00 +01:00", "2026-08-01"] {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(error.contains("such as 02:00"), "{text}: {error}");
        }
    }
}
