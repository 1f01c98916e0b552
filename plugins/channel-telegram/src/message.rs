//! The text of a message, in Telegram's HTML.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::text::{Unit, body_within_escaped, cut, escaped, html, title};

/// The longest text. Telegram counts it without the markup; counted with it there is room to spare.
const LONGEST: usize = 4096;
/// The longest title, and the longest rest. Each piece of markup takes up to 13 more.
const LONGEST_TITLE: usize = 800;
const LONGEST_BODY: usize = LONGEST - LONGEST_TITLE - MOST_ENTITIES * 13;
/// Telegram applies at most 100 pieces of markup in a message.
const MOST_ENTITIES: usize = 90;

/// The message: a title, and what the title does not say.
pub(crate) fn of(alert: &Alert) -> String {
    let mut text = Text { out: String::new(), room: LONGEST_TITLE, entities: 0 };
    text.words(Style::Bold, &cut(&title(alert), LONGEST_TITLE, Unit::Utf16));
    let body = body_within_escaped(alert, LONGEST_BODY, Unit::Utf16, html);
    text.room = LONGEST.saturating_sub(Unit::Utf16.length(&text.out));
    for line in body.lines() {
        text.push(Style::Normal, "\n");
        match line.strip_prefix("Type: ") {
            // A tap copies it.
            Some(command) => {
                text.push(Style::Normal, "Type: ");
                text.push(Style::Code, command);
            }
            None => text.words(Style::Normal, line),
        }
    }
    text.out
}

/// How a piece of the text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Normal,
    Bold,
    /// Telegram makes no links, mentions or commands out of code.
    Code,
}

impl Style {
    const fn tags(self) -> (&'static str, &'static str) {
        match self {
            Self::Normal => ("", ""),
            Self::Bold => ("<b>", "</b>"),
            Self::Code => ("<code>", "</code>"),
        }
    }
}

/// A text under construction.
struct Text {
    out: String,
    room: usize,
    entities: usize,
}

impl Text {
    /// Appends words. Those that Telegram would turn into links or mentions become code.
    fn words(&mut self, style: Style, text: &str) {
        if self.entities >= MOST_ENTITIES {
            return self.push(Style::Code, text);
        }
        let mut run = String::new();
        for (at, word) in words(text) {
            let bare = word.trim_end_matches(|c: char| c.is_whitespace() || ",;:!?.)'\"".contains(c));
            if !is_live(bare) {
                run.push_str(word);
                continue;
            }
            self.push(style, &std::mem::take(&mut run));
            if self.entities >= MOST_ENTITIES {
                return self.push(Style::Code, text.get(at..).unwrap_or_default());
            }
            self.push(Style::Code, bare);
            run.push_str(word.get(bare.len()..).unwrap_or_default());
        }
        self.push(style, &run);
    }

    /// Appends a piece; what does not fit is cut, and nothing follows it.
    fn push(&mut self, style: Style, text: &str) {
        if text.is_empty() || self.room == 0 {
            return;
        }
        let style = if text.trim().is_empty() { Style::Normal } else { style };
        let (open, close) = style.tags();
        let room = self.room.saturating_sub(open.len().saturating_add(close.len()));
        let whole = escaped(text, usize::MAX, Unit::Utf16, html);
        let fits = Unit::Utf16.length(&whole) <= room;
        let piece = if fits { whole } else { escaped(text, room, Unit::Utf16, html) };
        if !piece.is_empty() {
            self.out.extend([open, &piece, close]);
            self.entities = self.entities.saturating_add(usize::from(style != Style::Normal));
        }
        self.room = if fits { room.saturating_sub(Unit::Utf16.length(&piece)) } else { 0 };
    }
}

/// The words, each with the whitespace after it, and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0_usize;
    text.split_inclusive(char::is_whitespace).map(move |word| {
        let begin = at;
        at = at.saturating_add(word.len());
        (begin, word)
    })
}

/// Whether Telegram would make a word tappable: as a link, a mention, a command or a number to call.
fn is_live(word: &str) -> bool {
    let host =
        word.split('.').skip(1).any(|label| label.starts_with(char::is_alphabetic)) || word.matches('.').count() >= 3;
    let digits = word.chars().filter(char::is_ascii_digit).count();
    word.contains(['@', '#', '$', '/', '\\']) || host || digits >= 10 || (word.contains('+') && digits >= 5)
}
