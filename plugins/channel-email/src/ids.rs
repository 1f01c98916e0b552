//! The identities of mails.

use dogwatch_sdk::channel::Alert;

/// The identity of a mail: the same for a message that is sent again.
pub(crate) fn message(alert: &Alert) -> String {
    format!("<{}@{}.dogwatch>", word(&alert.message_id), word(&alert.site))
}

/// The identity that all mails about an alert reply to.
pub(crate) fn thread(alert: &Alert) -> String {
    format!("<{:016x}-{}@alert.dogwatch>", fnv(&alert.key), alert.opened_at)
}

/// The text as a part of an identity: short, and of letters, digits, `-` and `_`. What was changed gets a hash of the
/// whole at its end, so that no two texts become one.
fn word(text: &str) -> String {
    let kept = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let word: String = text.chars().take(80).map(|character| if kept(character) { character } else { '-' }).collect();
    if word == text && !word.is_empty() { word } else { format!("{word}-{:016x}", fnv(text)) }
}

/// FNV-1a, 64 bits.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
