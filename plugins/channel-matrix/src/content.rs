//! The content of a message's event.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::json::Object;
use dogwatch_sdk::text::{Unit, body_within_escaped, cut, escaped, html, title};

use crate::config::Config;

/// The longest title, in bytes.
const TITLE_MOST: usize = 1024;
/// The longest text below it, in bytes of HTML, where a quote takes six. An event holds 65536 bytes in all and has the
/// text twice, and each byte of it may take two in JSON.
const TEXT_MOST: usize = 12 * 1024;

/// A zero-width space.
const SPACE: char = '\u{200b}';

/// The content, as JSON.
pub(crate) fn of(config: &Config, alert: &Alert) -> String {
    // Matrix wants notices from bots, but a notice notifies nobody. A text does, if the room's notifications are on.
    let kind = if alert.is_quiet() { "m.notice" } else { "m.text" };
    let title = quiet(&cut(&title(alert), TITLE_MOST, Unit::Bytes));
    let text = quiet(&body_within_escaped(alert, TEXT_MOST, Unit::Bytes, longest_html));
    // Sent even if empty: without it, older clients look for names in the text.
    let mut mentions = Object::new();
    if alert.is_serious() && !config.mention.is_empty() {
        mentions = mentions.texts("user_ids", config.mention.iter().map(String::as_str));
    }
    Object::new()
        .text("msgtype", kind)
        .text("body", &format!("{title}\n{text}"))
        .text("format", "org.matrix.custom.html")
        .text("formatted_body", &formatted(&title, &text))
        .object("m.mentions", mentions)
        .finish()
}

/// The texts as HTML, with any markup in them escaped.
fn formatted(title: &str, text: &str) -> String {
    let title = escaped(title, TITLE_MOST, Unit::Bytes, html);
    let text = escaped(text, TEXT_MOST, Unit::Bytes, html_of);
    format!("<strong>{title}</strong><br>{text}")
}

/// One character as HTML. Line breaks are kept.
fn html_of(character: char, out: &mut String) {
    match character {
        '\n' => out.push_str("<br>"),
        _ => html(character, out),
    }
}

/// The same, with the space that [`quiet`] may add.
fn longest_html(character: char, out: &mut String) {
    html_of(character, out);
    if character == '@' {
        out.push(SPACE);
    }
}

/// The text with every `@room` broken up, so that old clients do not mention the whole room.
fn quiet(text: &str) -> String {
    text.replace("@room", &format!("@{SPACE}room"))
}
