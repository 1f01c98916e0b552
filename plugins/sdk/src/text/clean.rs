//! Removes characters that hide or reorder a text.

use super::cut::{Unit, cut};

/// Removes what would hide or reorder the rest: control characters other than line breaks and tabs, and marks that
/// change the direction of text. An alert may quote an untrusted server.
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

/// The longest quotation of a service, in characters.
const QUOTED: usize = 200;

/// What a service said, as the operator sees it: one line of at most 200 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    cut(&one_line(text), QUOTED, Unit::Chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_or_turns_around() {
        assert_eq!(plain("a\u{202e}b\u{7}c\r\nd\te\u{2066}"), "abc\nd\te");
        assert_eq!(one_line(" a\n b\u{2028}\tc "), "a b c");
    }

    #[test]
    fn quotes_one_short_line() {
        assert_eq!(quoted(" not\r\n found "), "not found");
        assert_eq!(quoted("\u{1b}[31m"), "[31m");
        assert_eq!(quoted(&"é\n".repeat(500_000)).chars().count(), 200);
    }
}
