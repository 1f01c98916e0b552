//! `Retry-After`: the pause that an endpoint asks for.

use std::time::{Duration, SystemTime};

use dogwatch_chain::Time;

/// The longest pause that is respected: an endpoint that asks for a year is faulty.
pub const LONGEST: Duration = Duration::from_secs(3600);

/// Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date. A date counts from the answer's own `Date` if it
/// has one, since the server's clock may be off, else from `now`. At most [`LONGEST`]; `None` if it is neither.
pub fn retry_after(header: &str, date: Option<&str>, now: Time) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large to parse is a long time as well.
        let seconds = header.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    let from = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).or_else(|| system_time(now))?;
    // A date in the past means now.
    Some(until.duration_since(from).unwrap_or_default().min(LONGEST))
}

fn system_time(now: Time) -> Option<SystemTime> {
    let since = now.since(Time::from_millis(0));
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let now = Time::parse("2018-07-28T07:00:00").unwrap();
        let read = |header: &str, date| retry_after(header, date, now).map(|wait| wait.as_secs());
        assert_eq!(read("120", None), Some(120));
        assert_eq!(read(" 0 ", None), Some(0));
        assert_eq!(read("999999999999999999999999", None), Some(3600));
        assert_eq!(read("Sat, 28 Jul 2018 07:00:30 GMT", None), Some(30));
        assert_eq!(read("Sat, 28 Jul 2018 07:00:30 GMT", Some("Sat, 28 Jul 2018 07:00:10 GMT")), Some(20));
        assert_eq!(read("Sat, 28 Jul 2018 07:00:30 GMT", Some("yesterday")), Some(30));
        assert_eq!(read("Sat, 28 Jul 2018 06:00:00 GMT", None), Some(0), "it is past");
        assert_eq!(read("Sat, 28 Jul 2035 06:00:00 GMT", None), Some(3600));
        for neither in ["", "-1", "1.5", "soon", "1 2", "+3", "٣"] {
            assert_eq!(read(neither, None), None, "{neither}");
        }
    }
}
