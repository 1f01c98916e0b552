//! Untrusted text, sanitized and shortened.

/// The text with what could forge log lines, control characters and marks that reverse text, replaced by spaces,
/// [truncated](truncate) to `limit` bytes.
pub(crate) fn sanitize(text: &str, limit: usize) -> String {
    let clean: String = text.chars().map(|c| if is_deceptive(c) { ' ' } else { c }).collect();
    truncate(&clean, limit)
}

/// Whether a character does something to the text around it.
pub(crate) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text; if it is longer than `limit` bytes, its beginning and an ellipsis.
pub(crate) fn truncate(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit.saturating_sub('…'.len_utf8()));
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(sanitize("short", 5), "short");
        assert_eq!(sanitize("longer", 5), "lo…");
        assert_eq!(sanitize("ääää", 6), "ä…");
        assert_eq!(sanitize("🐕🐕", 4), "…");
        assert_eq!(sanitize("a\nb\u{1b}[31m", 20), "a b [31m");
        assert_eq!(sanitize("a\u{202e}b\u{2066}c\u{2028}d", 20), "a b c d");
        assert_eq!(sanitize("gpj.\u{202e}exe\u{200f} أول", 40), "gpj. exe  أول");
        for limit in 0..20 {
            assert!(sanitize("äö🐕ü-plain", limit).len() <= limit.max('…'.len_utf8()), "{limit}");
        }
    }
}
