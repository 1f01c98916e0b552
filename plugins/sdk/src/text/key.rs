//! Identities, cut so that they stay different.

use super::cut::Unit;

/// 64-bit FNV-1a, as 16 hexadecimal digits: the same at every site and in every version. It distinguishes texts that
/// look alike after they were cut or rewritten; it does not resist deliberate collisions.
#[must_use]
pub fn short_hash(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// An identity of at most this length: unchanged if it fits, otherwise its beginning, a hyphen and the [`short_hash`]
/// of the whole. The result is the same every time and differs between identities. It may be a unit or so shorter than
/// the limit, so that no character is cut in half. Hyphen and hash take 17 units, even if the limit is lower.
#[must_use]
pub fn key_within(key: &str, limit: usize, unit: Unit) -> String {
    if unit.length(key) <= limit {
        return key.to_owned();
    }
    let mark = format!("-{}", short_hash(key));
    let room = limit.saturating_sub(mark.len());
    let mut used = 0_usize;
    let fits = |character: &char| {
        used = used.saturating_add(unit.of(*character));
        used <= room
    };
    key.chars().take_while(fits).chain(mark.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [Unit; 3] = [Unit::Chars, Unit::Utf16, Unit::Bytes];

    #[test]
    fn hashes_are_those_that_are_published() {
        assert_eq!(short_hash(""), "cbf29ce484222325");
        assert_eq!(short_hash("a"), "af63dc4c8601ec8c");
        assert_eq!(short_hash("foobar"), "85944171f73967e8");
    }

    #[test]
    fn keys_fit_and_stay_apart() {
        assert_eq!(key_within("hive/alice", 10, Unit::Bytes), "hive/alice");
        assert_eq!(key_within("", 0, Unit::Chars), "");
        let long = "hive/🐕/".repeat(1000);
        let other = format!("{long}x");
        for unit in UNITS {
            for limit in 17..80 {
                let key = key_within(&long, limit, unit);
                let length = unit.length(&key);
                assert!(length <= limit && limit.saturating_sub(length) < 4, "{limit} {unit:?} {key}");
                assert_eq!(key, key_within(&long, limit, unit));
                assert_ne!(key, key_within(&other, limit, unit));
                assert!(key.ends_with(&format!("-{}", short_hash(&long))), "{key}");
            }
        }
        assert_eq!(key_within(&long, 5, Unit::Chars).len(), 17);
    }
}
