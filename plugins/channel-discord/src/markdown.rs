//! Text escaped for Discord's markdown.

use std::cell::Cell;

use dogwatch_sdk::text::{Unit, escaped};

/// Where in its line a character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Only spaces stand before it: headings, lists and quotes begin here.
    Start,
    /// Only digits stand before it: a numbered list may begin here.
    Number,
    /// Elsewhere.
    Within,
}

/// Escapes the text, and cuts it so that the escaped text has at most this many UTF-16 units: Discord counts characters
/// as sent, and does not say in which unit.
pub(crate) fn literal(text: &str, limit: usize) -> String {
    let place = Cell::new(Place::Start);
    escaped(text, limit, Unit::Utf16, |character, out| {
        let special = match place.get() {
            Place::Start => begins(character),
            Place::Number => numbers(character),
            Place::Within => false,
        };
        if special || is_markup(character) {
            out.push('\\');
        }
        out.push(character);
        place.set(match (place.get(), character) {
            (_, '\n') => Place::Start,
            (Place::Start, character) if character.is_whitespace() => Place::Start,
            (Place::Start | Place::Number, '0'..='9') => Place::Number,
            _ => Place::Within,
        });
    })
}

/// The longest form in which [`literal`] writes a character, wherever it stands.
pub(crate) fn longest_literal(character: char, out: &mut String) {
    if is_markup(character) || begins(character) || numbers(character) {
        out.push('\\');
    }
    out.push(character);
}

/// Emphasis, code, spoilers, links, mentions, and slashes, because every link needs one.
const fn is_markup(character: char) -> bool {
    matches!(character, '\\' | '`' | '*' | '_' | '~' | '|' | '<' | '@' | '[' | ']' | '/')
}

/// Characters that change a line when they begin it.
const fn begins(character: char) -> bool {
    matches!(character, '#' | '>' | '-' | '+')
}

/// Characters that turn a line into a list item when they follow a number at its beginning.
const fn numbers(character: char) -> bool {
    matches!(character, '.' | ')')
}
