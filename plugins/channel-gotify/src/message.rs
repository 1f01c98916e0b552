//! The message that Gotify shows.

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::text::{Unit, body_within, cut, title};

/// The longest title, in characters. Gotify names no limit; a telephone shows less.
const TITLE: usize = 250;
/// The longest text, in bytes. Gotify names no limit; with MySQL its column holds 65535 bytes.
const MESSAGE: usize = 16_000;

/// The message as JSON, declared as plain text so that nothing in it is read as Markdown.
pub(crate) fn of(alert: &Alert) -> String {
    let identity = Object::new()
        .text("key", &alert.key)
        .text("message_id", &alert.message_id)
        .text("event", alert.event.name())
        .text("severity", alert.severity.name());
    let extras = Object::new()
        .object("client::display", Object::new().text("contentType", "text/plain"))
        .object("dogwatch::alert", identity);
    Object::new()
        .text("title", &cut(&title(alert), TITLE, Unit::Chars))
        .text("message", &body_within(alert, MESSAGE, Unit::Bytes))
        .integer("priority", priority(alert))
        .object("extras", extras)
        .finish()
}

/// The priority, from 0 to 10. Gotify's Android app shows messages silently from 1 on, with a sound from 4 on, and over
/// whatever is on the screen from 8 on.
const fn priority(alert: &Alert) -> i64 {
    match (alert.event, alert.severity) {
        (Event::Acknowledged | Event::Resolved | Event::Report, _) | (_, Severity::Info) => 2,
        (_, Severity::Warning) => 5,
        (_, Severity::Critical) => 8,
        (_, Severity::Page) => 10,
    }
}
