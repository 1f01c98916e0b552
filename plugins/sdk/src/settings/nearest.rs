//! Suggestions for mistyped names.

/// The known name that was probably meant, if one is similar enough.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = name.chars().count().div_ceil(3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, removed or replaced; `_` and `-` count as the same letter.
fn distance(a: &str, b: &str) -> usize {
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    strsim::levenshtein(&plain(a), &plain(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_letters() {
        for (a, b, expected) in
            [("", "abc", 3), ("abc", "", 3), ("misses", "misses", 0), ("kitten", "sitting", 3), ("a_b", "A-b", 0)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn suggests_only_what_may_be_meant() {
        let known = ["misses", "window-rounds", "disable-when-exhausted"];
        assert_eq!(nearest("mises", known), Some("misses"));
        assert_eq!(nearest("window_rounds", known), Some("window-rounds"));
        assert_eq!(nearest("disable-if-exhausted", known), Some("disable-when-exhausted"));
        assert_eq!(nearest("colour", known), None);
    }
}
