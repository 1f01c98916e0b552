//! Message-IDs.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::text::short_hash;

/// The Message-ID of a mail: the same for a message that is sent again.
pub(crate) fn message(alert: &Alert) -> String {
    format!("<{}@{}.dogwatch>", word(&alert.message_id), word(&alert.site))
}

/// The Message-ID that all mails about an alert reply to.
pub(crate) fn thread(alert: &Alert) -> String {
    format!("<{}-{}@alert.dogwatch>", short_hash(&alert.key), alert.opened_at)
}

/// The text as a part of a Message-ID: short, and made of letters, digits, `-` and `_`. A text that had to be changed
/// ends in a hash of the whole, so that different texts stay different.
fn word(text: &str) -> String {
    let kept = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let word: String = text.chars().take(80).map(|character| if kept(character) { character } else { '-' }).collect();
    if word == text && !word.is_empty() { word } else { format!("{word}-{}", short_hash(text)) }
}
