//! Texts for humans, fitted to what a service takes: cut without breaking a character, escaped without gaps.

mod body;

use std::fmt::Write as _;

use crate::channel::{Alert, Event, Severity};
pub use body::{body, body_within, body_within_escaped};

/// How a service counts the length of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Unicode code points.
    Chars,
    /// UTF-16 code units, as programs in JavaScript and Java count.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

impl Unit {
    fn of(self, character: char) -> usize {
        match self {
            Self::Chars => 1,
            Self::Utf16 => character.len_utf16(),
            Self::Bytes => character.len_utf8(),
        }
    }

    /// The length of a text.
    #[must_use]
    pub fn length(self, text: &str) -> usize {
        text.chars().fold(0, |sum, character| sum.saturating_add(self.of(character)))
    }
}

/// The text, cut to a length; what was cut ends in an ellipsis.
#[must_use]
pub fn cut(text: &str, limit: usize, unit: Unit) -> String {
    escaped(text, limit, unit, |character, out| out.push(character))
}

/// The text with every character escaped, cut so that the escaped text fits and no escape is broken.
#[must_use]
pub fn escaped(text: &str, limit: usize, unit: Unit, escape: impl Fn(char, &mut String)) -> String {
    let mut out = String::new();
    // Where to cut so that the ellipsis fits too.
    let (mut used, mut fits) = (0_usize, 0_usize);
    let room = limit.saturating_sub(unit.of('…'));
    let mut piece = String::new();
    for character in text.chars() {
        piece.clear();
        escape(character, &mut piece);
        used = used.saturating_add(unit.length(&piece));
        if used > limit {
            out.truncate(fits);
            if unit.of('…') <= limit {
                out.push('…');
            }
            return out;
        }
        out.push_str(&piece);
        if used <= room {
            fits = out.len();
        }
    }
    out
}

/// Takes out what would hide or turn around the rest: control characters but line breaks and tabs, and the marks that
/// override the direction of a text. The alert may quote what a stranger's server said.
#[must_use]
pub fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|character| !is_hidden(*character)).collect()
}

fn is_hidden(character: char) -> bool {
    let kept = matches!(character, '\n' | '\t');
    let turns =
        matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    (character.is_control() && !kept) || turns || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// The text in one line.
#[must_use]
pub fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The most that is quoted of a service's own words, in characters.
const QUOTED: usize = 200;

/// What a service said, as the operator gets to read it: in one line, of at most 200 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    cut(&one_line(text), QUOTED, Unit::Chars)
}

/// One character as HTML and XML take it, in text and in quoted attributes.
pub fn html(character: char, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        _ => out.push(character),
    }
}

/// Percent-encodes everything but letters, digits, `-`, `.`, `_` and `~`.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// One line that says what happened: `PAGE at fsn1: alice: node a missed 3 blocks in a row`.
#[must_use]
pub fn title(alert: &Alert) -> String {
    let word = match (alert.event, alert.severity) {
        (Event::Resolved, _) => "RESOLVED",
        (Event::Acknowledged, _) => "ACKNOWLEDGED",
        (Event::Report, _) => "REPORT",
        (_, Severity::Page) => "PAGE",
        (_, Severity::Critical) => "CRITICAL",
        (_, Severity::Warning) => "WARNING",
        (_, Severity::Info) => "INFO",
    };
    let summary = one_line(&alert.summary);
    let summary = summary.strip_prefix("resolved: ").unwrap_or(&summary);
    format!("{word} at {}: {summary}", one_line(&alert.site))
}

/// FNV-1a of 64 bits, as 16 hexadecimal digits: the same at every site and in every version. It tells apart what looks
/// alike once it is cut or rewritten; it does not stand up to somebody who looks for two texts with one hash.
#[must_use]
pub fn short_hash(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// An identity as it is, if it has at most that length. Else its beginning, a hyphen and the [`short_hash`] of the
/// whole, which together have that length, or a unit or so less where a character would be cut in half: the same every
/// time, and another one for another identity. The mark alone takes 17, also where the limit is lower.
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
    use crate::testing::alert;

    const UNITS: [Unit; 3] = [Unit::Chars, Unit::Utf16, Unit::Bytes];

    #[test]
    fn cuts_between_characters_in_every_unit() {
        assert_eq!(cut("abc", 3, Unit::Bytes), "abc");
        assert_eq!(cut("abcd", 3, Unit::Chars), "ab…");
        assert_eq!(cut("äöü", 5, Unit::Bytes), "ä…");
        assert_eq!(cut("🐕🐕🐕", 4, Unit::Utf16), "🐕…");
        assert_eq!(cut("🐕🐕", 4, Unit::Utf16), "🐕🐕");
        assert_eq!(cut("abc", 2, Unit::Bytes), "", "no room even for the ellipsis");
        assert_eq!(cut("abc", 0, Unit::Chars), "");
        for limit in 0..40 {
            for unit in UNITS {
                let text = cut("a🐕é\u{301}<b>&amp; שלום עולם 漢字", limit, unit);
                assert!(unit.length(&text) <= limit, "{limit} {unit:?} {text}");
            }
        }
    }

    #[test]
    fn no_escape_is_cut_in_half() {
        assert_eq!(escaped("a<b>", 100, Unit::Chars, html), "a&lt;b&gt;");
        assert_eq!(escaped("a<b>", 9, Unit::Chars, html), "a&lt;b…");
        assert_eq!(escaped("<<<", 5, Unit::Chars, html), "&lt;…");
        assert_eq!(escaped("<<", 4, Unit::Chars, html), "…");
    }

    #[test]
    fn nothing_hides_or_turns_around() {
        assert_eq!(plain("a\u{202e}b\u{7}c\r\nd\te\u{2066}"), "abc\nd\te");
        assert_eq!(one_line(" a\n b\u{2028}\tc "), "a b c");
    }

    #[test]
    fn titles_say_what_happened() {
        let mut alert = alert();
        assert_eq!(title(&alert), "CRITICAL at home: alice misses blocks");
        alert.event = Event::Resolved;
        alert.summary = "resolved: alice misses blocks".into();
        assert_eq!(title(&alert), "RESOLVED at home: alice misses blocks");
    }

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

    #[test]
    fn quotes_one_short_line() {
        assert_eq!(quoted(" not\r\n found "), "not found");
        assert_eq!(quoted("\u{1b}[31m"), "[31m");
        assert_eq!(quoted(&"é\n".repeat(500_000)).chars().count(), 200);
    }

    #[test]
    fn percent_encodes_bytes() {
        assert_eq!(percent("a b/ü~"), "a%20b%2F%C3%BC~");
    }
}
