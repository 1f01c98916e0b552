//! The alias: what an alert is called in the service.

use std::fmt::Write as _;

use dogwatch_sdk::channel::{Alert, Severity};

/// The longest alias, in characters. Opsgenie documents 512, others that speak to it 250; either takes this.
const LONGEST: usize = 250;
/// How long the mark of a key is that was cut: a hyphen and 16 digits.
const MARK: usize = 17;

/// The key and the severity: `hive:alice:missing:page`.
///
/// The alias stands in a path, where proxies do not let every character pass even when it is encoded: a slash becomes a
/// colon, and what is neither letter, digit, hyphen, dot nor underscore becomes a tilde and its bytes. Two keys never
/// share an alias.
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
    let room = LONGEST.saturating_sub(end.len());
    if name.len() > room {
        // All of it is ASCII.
        name.truncate(room.saturating_sub(MARK));
        let _ = write!(name, "-{:016x}", fnv(&alert.key));
    }
    name + &end
}

/// FNV-1a in 64 bits: the same at every site and in every version.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
