//! Durations as operators write them: `500ms`, `90s`, `10m`, `2h`, `1d`.

use std::time::Duration;

/// The bounds of a duration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range<'a> {
    pub(super) least: Duration,
    pub(super) most: Duration,
    /// The reason for these bounds, for the remedy.
    pub(super) why: &'a str,
}

/// Reads `500ms`, `90s`, `10m`, `2h` or `1d`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(split)?;
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// A duration as an operator would write it.
pub(super) fn shown(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let fits = |(size, _): &(u128, &str)| millis >= *size && millis.is_multiple_of(*size);
    match units.into_iter().find(fits) {
        Some((size, unit)) => format!("{}{unit}", millis.checked_div(size).unwrap_or_default()),
        None => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("2h"), Some(Duration::from_secs(7200)));
        for bad in ["", "s", "90", "-1s", "1.5h", "1w", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
        for text in ["0ms", "1500ms", "63s", "5m", "1h", "30d"] {
            assert_eq!(parse_duration(text).map(shown).as_deref(), Some(text));
        }
    }
}
