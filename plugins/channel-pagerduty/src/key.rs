//! The deduplication key.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::text::Unit;

/// The longest deduplication key, in characters (PagerDuty, Events API v2).
const LONGEST: usize = 255;
/// How long the mark of a key is that was cut: a hyphen and 16 digits.
const MARK: usize = 17;

/// The alert's key; one that is too long is cut and marked with a hash of the whole.
pub(crate) fn of(alert: &Alert) -> String {
    let key = &alert.key;
    if Unit::Chars.length(key) <= LONGEST {
        return key.clone();
    }
    let kept: String = key.chars().take(LONGEST.saturating_sub(MARK)).collect();
    format!("{kept}-{:016x}", fnv(key))
}

/// FNV-1a in 64 bits: the same at every site and in every version.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
