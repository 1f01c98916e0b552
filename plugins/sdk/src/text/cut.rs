//! Texts cut to a length, in the unit in which a service counts.

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
    pub(super) fn of(self, character: char) -> usize {
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

/// The text, cut to this length; a text that was cut ends in an ellipsis.
#[must_use]
pub fn cut(text: &str, limit: usize, unit: Unit) -> String {
    escaped(text, limit, unit, |character, out| out.push(character))
}

/// The text with every character escaped, cut so that the escaped text fits and no escape is broken in two.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::encode::html;

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
}
