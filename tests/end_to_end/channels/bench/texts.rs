//! Searches through texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Characters that URLs leave unescaped.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fails the test if the text holds a secret in any form in which it is sent.
pub(crate) fn assert_safe(secrets: &[String], text: &str) {
    let lower = text.to_lowercase();
    for secret in secrets {
        let escaped = [NON_ALPHANUMERIC, UNRESERVED].map(|set| {
            // Some programs write `%2F` as `%2f`.
            utf8_percent_encode(secret, set).to_string().to_lowercase()
        });
        let given_away = text.contains(&STANDARD.encode(secret))
            || text.contains(secret.as_str())
            || escaped.iter().any(|escaped| lower.contains(escaped.as_str()));
        assert!(!given_away, "a secret is in: {}", text.replace(secret.as_str(), "<HERE>"));
    }
}

/// Fails the test if anything in the text would hide or reverse the rest.
pub(crate) fn assert_plain(text: &str) {
    let hides = |c: char| {
        let turns =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (c.is_control() && !matches!(c, '\n' | '\t')) || turns || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
    };
    assert!(!text.contains(hides), "{text:?}");
}

/// All texts in a value, one per line.
pub(crate) fn strings(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(list) => list.iter().map(strings).collect(),
        Value::Object(members) => members.values().map(strings).collect(),
        _ => String::new(),
    }
}
