//! The texts of a message, fitted to what Pushover takes.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::text::{Unit, body, cut, plain, title};

/// The longest message, in characters of UTF-8: pushover.net/api, "Limitations".
const MESSAGE_MOST: usize = 1024;
/// The longest title, in characters.
const TITLE_MOST: usize = 250;

/// What happened, in one line.
pub(crate) fn title_of(alert: &Alert) -> String {
    cut(&title(alert), TITLE_MOST, Unit::Chars)
}

/// The rest. Where it is too long the details give way first: what to do and what to type must stay.
pub(crate) fn message_of(alert: &Alert) -> String {
    let whole = body(alert);
    if Unit::Chars.length(&whole) <= MESSAGE_MOST {
        return whole;
    }
    let part = |text: &str, most| cut(plain(text).trim(), most, Unit::Chars);
    let short = Alert {
        details: part(&alert.details, MESSAGE_MOST / 2),
        remedy: part(&alert.remedy, MESSAGE_MOST / 4),
        command: part(&alert.command, MESSAGE_MOST / 8),
        ..alert.clone()
    };
    cut(&body(&short), MESSAGE_MOST, Unit::Chars)
}
