//! The transaction's id, by which a homeserver knows a message that is sent again.

use dogwatch_sdk::text::short_hash;

/// The most characters of the message's own identity that are kept for humans.
const READABLE_MOST: usize = 100;

/// The id of a message's transaction. Slashes would be a matter of luck in a path behind proxies, even encoded, so that
/// they become underscores, and a hash keeps ids apart that would look the same.
pub(crate) fn of(message_id: &str) -> String {
    let safe = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    let readable: String = message_id.chars().take(READABLE_MOST).map(safe).collect();
    format!("{readable}.{}", short_hash(message_id))
}
