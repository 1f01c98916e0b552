//! The hours and days at which a route is in use.

use std::str::FromStr;
use std::time::Duration;

use dogwatch_chain::Time;
use jiff::civil::{Time as WallTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How many days ahead to look for an opening: every window opens at least once a week.
const DAYS_AHEAD: i64 = 8;

/// A daily window from one time to another. It runs past midnight if the second time is the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: WallTime,
    until: WallTime,
}

/// The text is not a daily window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoursError;

impl std::fmt::Display for HoursError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a daily window such as \"08:00-22:00\"")
    }
}

impl std::error::Error for HoursError {}

impl FromStr for Hours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let (from, until) = text.split_once('-').ok_or(HoursError)?;
        let read = |text: &str| {
            let (hour, minute) = text.trim().split_once(':').ok_or(HoursError)?;
            let read =
                |text: &str| if text.len() == 2 { text.parse().map_err(|_| HoursError) } else { Err(HoursError) };
            WallTime::new(read(hour)?, read(minute)?, 0, 0).map_err(|_| HoursError)
        };
        let hours = Self { from: read(from)?, until: read(until)? };
        if hours.from == hours.until { Err(HoursError) } else { Ok(hours) }
    }
}

/// Days of the week. A window past midnight belongs to the day it begins on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(Vec<Weekday>);

impl Weekdays {
    /// Parses English day names or their first three letters. `None` if one is not a day of the week.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let day = |name: &str| {
            let short: String = name.trim().to_lowercase().chars().take(3).collect();
            let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let place = names.iter().position(|known| *known == short)?;
            Weekday::from_monday_zero_offset(i8::try_from(place).ok()?).ok()
        };
        names.into_iter().map(day).collect::<Option<Vec<_>>>().map(Self)
    }

    fn hold(&self, day: Weekday) -> bool {
        self.0.is_empty() || self.0.contains(&day)
    }
}

/// When the window is next open: now, if it is open now. `None` past the end of the calendar.
pub(crate) fn open_at(hours: Option<&Hours>, days: &Weekdays, zone: &TimeZone, now: Time) -> Option<Time> {
    if hours.is_none() && days.0.is_empty() {
        return Some(now);
    }
    let today = zone.to_datetime(Timestamp::from_millisecond(now.as_millis()).ok()?).date();
    let (from, until) = hours.map_or((WallTime::midnight(), WallTime::midnight()), |hours| (hours.from, hours.until));
    // The window may have begun yesterday.
    for ahead in -1..DAYS_AHEAD {
        let date = today.checked_add(Span::new().days(ahead)).ok()?;
        if !days.hold(date.weekday()) {
            continue;
        }
        let last = if until > from { date } else { date.tomorrow().ok()? };
        let begins = zone.to_timestamp(date.to_datetime(from)).ok()?.as_millisecond();
        let ends = zone.to_timestamp(last.to_datetime(until)).ok()?.as_millisecond();
        if now.as_millis() < ends {
            return Some(Time::from_millis(begins.max(now.as_millis())));
        }
    }
    None
}

/// The next moment at which the wall clock in `zone` shows this time: when the next daily rehearsal is due.
pub(crate) fn next_at(clock: WallTime, zone: &TimeZone, after: Time) -> Option<Time> {
    let today = zone.to_datetime(Timestamp::from_millisecond(after.as_millis()).ok()?).date();
    for ahead in 0..=2_i64 {
        let date = today.checked_add(Span::new().days(ahead)).ok()?;
        let at = zone.to_timestamp(date.to_datetime(clock)).ok()?.as_millisecond();
        if at > after.as_millis() {
            return Some(Time::from_millis(at));
        }
    }
    None
}

/// Whether `now` is at least `span` after `then`.
pub(crate) fn apart(now: Time, then: Time, span: Duration) -> bool {
    // If the clock was set back, answer yes: nothing may stay silent until the clock has caught up.
    now.since(then) >= span || now < then
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::from_millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn next(hours: &str, days: &[&str], zone: &str, now: &str) -> String {
        let zone = if zone.is_empty() { TimeZone::UTC } else { TimeZone::posix(zone).unwrap() };
        let hours = (!hours.is_empty()).then(|| hours.parse().unwrap());
        let days = Weekdays::named(days.iter().copied()).unwrap();
        open_at(hours.as_ref(), &days, &zone, at(now)).unwrap().to_string()
    }

    #[test]
    fn windows_open_now_later_and_over_midnight() {
        // 2026-11-24 is a Tuesday.
        assert_eq!(next("", &[], "", "2026-11-24T03:00:00Z"), "2026-11-24T03:00:00");
        assert_eq!(next("08:00-22:00", &[], "", "2026-11-24T03:00:00Z"), "2026-11-24T08:00:00");
        assert_eq!(next("08:00-22:00", &[], "", "2026-11-24T12:00:00Z"), "2026-11-24T12:00:00");
        assert_eq!(next("08:00-22:00", &[], "", "2026-11-24T22:00:00Z"), "2026-11-25T08:00:00");
        assert_eq!(next("22:00-07:00", &[], "", "2026-11-24T03:00:00Z"), "2026-11-24T03:00:00");
        assert_eq!(next("22:00-07:00", &[], "", "2026-11-24T07:00:00Z"), "2026-11-24T22:00:00");
    }

    #[test]
    fn days_count_by_when_the_window_begins() {
        assert_eq!(next("", &["sat", "sunday"], "", "2026-11-24T03:00:00Z"), "2026-11-28T00:00:00");
        assert_eq!(next("22:00-07:00", &["mon"], "", "2026-11-24T03:00:00Z"), "2026-11-24T03:00:00");
        assert_eq!(next("22:00-07:00", &["Tue"], "", "2026-11-24T03:00:00Z"), "2026-11-24T22:00:00");
        assert_eq!(Weekdays::named(["noday"]), None);
    }

    #[test]
    fn summer_time_moves_the_window() {
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        assert_eq!(next("08:00-22:00", &[], berlin, "2026-01-10T03:00:00Z"), "2026-01-10T07:00:00");
        assert_eq!(next("08:00-22:00", &[], berlin, "2026-07-10T03:00:00Z"), "2026-07-10T06:00:00");
    }

    #[test]
    fn text_that_is_not_a_window_is_refused() {
        for bad in ["", "8:00-22:00", "08:00", "08:00-08:00", "08:00-24:00", "aa:bb-cc:dd", "08:00-22:00-23:00"] {
            assert_eq!(bad.parse::<Hours>(), Err(HoursError), "{bad}");
        }
    }

    #[test]
    fn the_daily_hour_comes_once_a_day() {
        let clock = WallTime::new(7, 30, 0, 0).unwrap();
        let next = |now: &str| next_at(clock, &TimeZone::UTC, at(now)).unwrap().to_string();
        assert_eq!(next("2026-11-24T03:00:00Z"), "2026-11-24T07:30:00");
        assert_eq!(next("2026-11-24T07:30:00Z"), "2026-11-25T07:30:00");
    }
}
