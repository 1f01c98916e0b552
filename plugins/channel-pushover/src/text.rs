//! The texts of a message, fitted to what Pushover takes.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::text::{Unit, body_within, cut, title};

/// The longest message, in characters of UTF-8: pushover.net/api, "Limitations".
const MESSAGE_MOST: usize = 1024;
/// The longest title, in characters.
const TITLE_MOST: usize = 250;

/// The title: what happened, in one line.
pub(crate) fn title_of(alert: &Alert) -> String {
    cut(&title(alert), TITLE_MOST, Unit::Chars)
}

/// The text below the title.
pub(crate) fn message_of(alert: &Alert) -> String {
    body_within(alert, MESSAGE_MOST, Unit::Chars)
}
