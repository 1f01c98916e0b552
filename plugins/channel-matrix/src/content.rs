//! The content of a message's event.

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::text::{Unit, body, cut, escaped, html, plain, title};

use crate::Config;

/// The longest title, in bytes.
const TITLE_MOST: usize = 1024;
/// The longest text below it, in bytes. An event has 65536 bytes in all, in which the text stands twice, and each of
/// its bytes may take two in JSON.
const TEXT_MOST: usize = 12 * 1024;

/// How a client shows the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loudness {
    /// It notifies whoever has the room's notifications on.
    Text,
    /// It notifies nobody, as Matrix wants it of a bot.
    Notice,
}

impl Loudness {
    const fn of(alert: &Alert) -> Self {
        match (alert.event, alert.severity) {
            (Event::Acknowledged | Event::Resolved | Event::Report, _) | (_, Severity::Info) => Self::Notice,
            _ => Self::Text,
        }
    }

    const fn written(self) -> &'static str {
        match self {
            Self::Text => "m.text",
            Self::Notice => "m.notice",
        }
    }
}

/// The content, as JSON.
pub(crate) fn of(config: &Config, alert: &Alert) -> String {
    let loudness = Loudness::of(alert);
    let title = quiet(&cut(&title(alert), TITLE_MOST, Unit::Bytes));
    let text = quiet(&fitted(alert));
    let mentions = match (loudness, alert.severity) {
        (Loudness::Text, Severity::Critical | Severity::Page) if !config.mention.is_empty() => {
            Object::new().texts("user_ids", config.mention.iter().map(String::as_str))
        }
        // Even empty: without it, older clients look for names in the text.
        _ => Object::new(),
    };
    Object::new()
        .text("msgtype", loudness.written())
        .text("body", &format!("{title}\n{text}"))
        .text("format", "org.matrix.custom.html")
        .text("formatted_body", &formatted(&title, &text))
        .object("m.mentions", mentions)
        .finish()
}

/// The texts as HTML, in which nothing of them is markup.
fn formatted(title: &str, text: &str) -> String {
    let title = escaped(title, TITLE_MOST, Unit::Bytes, html);
    let text = escaped(text, TEXT_MOST, Unit::Bytes, html_of);
    format!("<strong>{title}</strong><br>{text}")
}

/// Where it is too long, the details give way first: what to do and what to type must stay. It counts as it stands in
/// HTML, where a quote has six bytes.
fn fitted(alert: &Alert) -> String {
    let whole = body(alert);
    if whole.len() <= TEXT_MOST && escaped(&whole, usize::MAX, Unit::Bytes, html_of).len() <= TEXT_MOST {
        return whole;
    }
    let part = |text: &str, most: usize| cut(plain(text).trim(), most, Unit::Bytes);
    let short = Alert {
        details: part(&alert.details, TEXT_MOST / 12),
        remedy: part(&alert.remedy, TEXT_MOST / 24),
        command: part(&alert.command, TEXT_MOST / 48),
        ..alert.clone()
    };
    cut(&body(&short), TEXT_MOST, Unit::Bytes)
}

/// One character as HTML, in which line breaks stay.
fn html_of(character: char, out: &mut String) {
    match character {
        '\n' => out.push_str("<br>"),
        _ => html(character, out),
    }
}

/// The text, in which no old client finds everybody's name.
fn quiet(text: &str) -> String {
    text.replace("@room", "@\u{200b}room")
}
