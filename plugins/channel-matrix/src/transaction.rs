//! The transaction id. A homeserver uses it to recognise a message that is sent again.

use dogwatch_sdk::text::short_hash;

/// How many characters of the message's own identity are kept for humans to read.
const READABLE_MOST: usize = 100;

/// A message's transaction id. Slashes become underscores, because proxies may not pass them even encoded; a hash keeps
/// different ids different.
pub(crate) fn of(message_id: &str) -> String {
    let safe = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    let readable: String = message_id.chars().take(READABLE_MOST).map(safe).collect();
    format!("{readable}.{}", short_hash(message_id))
}
