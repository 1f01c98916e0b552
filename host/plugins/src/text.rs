//! Texts of strangers, cut to size; and names, mistyped.

/// The text, cut to so many bytes at a character's border and marked where it was cut. Control characters, which could
/// forge lines of a log, become spaces.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shorten(&clean, limit)
}

/// The text, cut to so many bytes at a character's border and marked where it was cut; else as it is.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// The known name that was probably meant, if one is near enough.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = name.chars().count().div_ceil(3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_a_characters_border() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "lo…");
        assert_eq!(cut("ääää", 6), "ä…");
        assert_eq!(cut("🐕🐕", 4), "…");
        assert_eq!(cut("a\nb\u{1b}[31m", 20), "a b [31m");
        for limit in 0..20 {
            assert!(cut("äö🐕ü-plain", limit).len() <= limit.max('…'.len_utf8()), "{limit}");
        }
    }

    #[test]
    fn suggests_only_what_may_be_meant() {
        let known = ["threshold", "webhook"];
        assert_eq!(nearest("treshold", known), Some("threshold"));
        assert_eq!(nearest("web-hook", known), Some("webhook"));
        assert_eq!(nearest("pagerduty", known), None);
        assert_eq!(nearest("", known), None);
    }
}
