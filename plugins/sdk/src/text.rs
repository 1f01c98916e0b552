//! Texts for humans, fitted to what a service takes: cut without breaking a character, escaped without gaps.

use std::fmt::Write as _;

use crate::channel::{Alert, Event, Severity};
use crate::rfc3339;

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

/// What the title does not say: what Dogwatch saw and did, since when, what to do, and the one command to type.
/// Several lines, the most important first.
#[must_use]
pub fn body(alert: &Alert) -> String {
    let mut lines = Vec::new();
    let mut push = |label: &str, text: &str| {
        let text = plain(text);
        if !text.trim().is_empty() {
            lines.push(format!("{label}{}", text.trim()));
        }
    };
    if alert.event == Event::Escalated {
        push("", "Nobody has acknowledged this alert yet.");
    }
    if alert.event == Event::Acknowledged && !alert.acknowledged_by.is_empty() {
        push("Acknowledged by ", &alert.acknowledged_by);
    }
    push("", &alert.details);
    let over = matches!(alert.event, Event::Resolved | Event::Report);
    if !over {
        push("To do: ", &alert.remedy);
        push("Type: ", &alert.command);
    }
    if alert.event != Event::Report {
        push("Since ", &format!("{} UTC", rfc3339(alert.opened_at).trim_end_matches('Z').replace('T', " ")));
    }
    push("About ", &alert.subject);
    push("Alert ", &alert.key);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::alert;

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
            for unit in [Unit::Chars, Unit::Utf16, Unit::Bytes] {
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
    fn says_what_happened_and_what_to_do() {
        let mut alert = alert();
        assert_eq!(title(&alert), "CRITICAL at home: alice misses blocks");
        assert_eq!(
            body(&alert),
            "2 own slots in a row\nTo do: look at node one\nType: dogwatch status\nSince 2023-11-15 06:32:17 UTC\n\
             About witness alice\nAlert hive/alice/missing"
        );
        alert.event = Event::Resolved;
        alert.summary = "resolved: alice misses blocks".into();
        assert_eq!(title(&alert), "RESOLVED at home: alice misses blocks");
        assert!(!body(&alert).contains("To do"));
    }

    #[test]
    fn percent_encodes_bytes() {
        assert_eq!(percent("a b/ü~"), "a%20b%2F%C3%BC~");
    }
}
