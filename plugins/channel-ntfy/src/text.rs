//! The texts of a message, fitted to what ntfy takes.
//!
//! A server takes messages below 4096 bytes by default, and 8192 bytes of JSON with everything in it. Quotes and line
//! breaks take two bytes in JSON, so a message may take up to twice its length there.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::text::{Unit, body_within, cut, title};

use crate::call::Call;

/// The longest title, in bytes.
const TITLE_MOST: usize = 300;
/// The longest message, in bytes.
const MESSAGE_MOST: usize = 3500;
/// The longest message for a call, in bytes: it is spoken three times, and ntfy drops what is too long.
const SPOKEN_MOST: usize = 600;

/// The title: what happened, in one line.
pub(crate) fn title_of(alert: &Alert) -> String {
    cut(&title(alert), TITLE_MOST, Unit::Bytes)
}

/// The text below the title.
pub(crate) fn message_of(alert: &Alert, call: Call<'_>) -> String {
    match call {
        // The call speaks only the message, not its title.
        Call::Wanted(_) => {
            let title = cut(&title(alert), TITLE_MOST, Unit::Bytes);
            let room = SPOKEN_MOST.saturating_sub(title.len()).saturating_sub(1);
            format!("{title}\n{}", body_within(alert, room, Unit::Bytes))
        }
        Call::Refused => {
            let why = "ntfy refused to ring the telephone: check call, the account's numbers and its plan.";
            let room = MESSAGE_MOST.saturating_sub(why.len()).saturating_sub(1);
            format!("{}\n{why}", body_within(alert, room, Unit::Bytes))
        }
        Call::Needless => body_within(alert, MESSAGE_MOST, Unit::Bytes),
    }
}
