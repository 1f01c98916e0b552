//! The transaction's id, by which a homeserver knows a message that is sent again.

/// The most characters of the message's own identity that are kept for humans.
const READABLE_MOST: usize = 100;

/// The id of a message's transaction. Slashes would be a matter of luck in a path behind proxies, even encoded, so that
/// they become underscores, and a hash keeps ids apart that would look the same: FNV-1a of 64 bits.
pub(crate) fn of(message_id: &str) -> String {
    let hash = message_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let safe = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    let readable: String = message_id.chars().take(READABLE_MOST).map(safe).collect();
    format!("{readable}.{hash:016x}")
}
