//! Durations, as operators write them.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads `500ms`, `90s`, `10m`, `2h` or `1d`: one number, one unit.
///
/// # Errors
///
/// The text is not a duration: the message says what one looks like.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration; write a whole number and a unit, such as 90s, 10m or 2h");
    let text = text.trim();
    let unit_at = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
    number.checked_mul(*millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// The duration in the largest unit in which it is a whole number.
pub(super) fn written(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let fitting = UNITS.iter().rev().find(|(_, unit)| millis >= *unit && millis.is_multiple_of(*unit));
    match fitting.and_then(|(name, unit)| Some((name, millis.checked_div(*unit)?))) {
        Some((name, number)) => format!("{number}{name}"),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_number_and_one_unit() {
        for (text, millis) in
            [("500ms", 500), ("90s", 90_000), ("10m", 600_000), (" 2 h ", 7_200_000), ("1d", 86_400_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", "s", "10", "-1s", "1.5h", "1h30m", "10 parsecs", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(duration(text).is_err_and(|why| why.contains("10m")), "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["0s", "1ms", "500ms", "90s", "10m", "2h", "1d", "25h"] {
            assert_eq!(written(duration(text).unwrap()), text);
        }
        assert_eq!(written(Duration::from_secs(3600)), "1h");
    }
}
