//! The alias: an alert's name in the service.

use std::fmt::Write as _;

use dogwatch_sdk::channel::{Alert, Severity};
use dogwatch_sdk::text::{Unit, key_within};

/// The longest alias, in characters. Opsgenie documents 512, programs that talk to it 250; this suits both.
const LONGEST: usize = 250;

/// The key and the severity: `hive:alice:missing:page`.
///
/// The alias is part of a path, and proxies block some characters even if they are encoded. So a slash becomes a colon,
/// and anything but letters, digits, hyphens, dots and underscores becomes a tilde and its bytes. Two keys never share
/// an alias.
pub(crate) fn of(alert: &Alert, severity: Severity) -> String {
    let mut name = String::new();
    for character in alert.key.chars() {
        match character {
            '/' => name.push(':'),
            '-' | '.' | '_' => name.push(character),
            _ if character.is_ascii_alphanumeric() => name.push(character),
            _ => {
                for byte in character.to_string().bytes() {
                    // Writing to a string cannot fail.
                    let _ = write!(name, "~{byte:02X}");
                }
            }
        }
    }
    let end = format!(":{}", severity.name());
    key_within(&name, LONGEST.saturating_sub(end.len()), Unit::Chars) + &end
}
