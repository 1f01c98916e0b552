//! Times as messages write them.

use dogwatch_chain::Time;

/// A time in whole seconds, UTC.
pub(crate) fn utc(at: Time) -> String {
    let whole = Time::from_secs(at.as_secs()).to_string();
    format!("{} UTC", whole.replacen('T', " ", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_of_utc() {
        assert_eq!(utc(Time::from_millis(1_700_000_000_999)), "2023-11-14 22:13:20 UTC");
    }
}
