//! The message: a mention if the alert is serious, and an embed with a colour at its side.

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::rfc3339;
use dogwatch_sdk::text::{Unit, body_within_escaped, cut, one_line, title};

use crate::config::Mention;
use crate::markdown::{literal, longest_literal};

/// The longest texts, as Discord documents them. A whole embed may have 6000; these add up to less.
const LONGEST_CONTENT: usize = 2000;
const LONGEST_TITLE: usize = 256;
const LONGEST_DESCRIPTION: usize = 4096;
/// The longest content and title before they are escaped: nobody reads more in one line.
const LONGEST_LINE: usize = 600;
/// Discord takes 2048; a footer is one line.
const LONGEST_FOOTER: usize = 200;
/// `SUPPRESS_NOTIFICATIONS` of a message's flags: it appears, and neither rings nor pops up.
const SILENT: i64 = 1 << 12;

/// The message as JSON.
pub(crate) fn of(mention: Option<&Mention>, alert: &Alert) -> String {
    let mention = mention.filter(|_| alert.is_serious());
    let title = cut(&title(alert), LONGEST_LINE, Unit::Utf16);
    let mut message = Object::new();
    if let Some(mention) = mention {
        let ping = mention.written();
        let room = LONGEST_CONTENT.saturating_sub(ping.len().saturating_add(1));
        // A phone shows this line without unlocking it.
        message = message.text("content", &format!("{ping} {}", literal(&title, room)));
    }
    let body = body_within_escaped(alert, LONGEST_DESCRIPTION, Unit::Utf16, longest_literal);
    let footer = one_line(&format!("{} {}, site {}", alert.chain, alert.witness, alert.site));
    let embed = Object::new()
        .text("title", &literal(&title, LONGEST_TITLE))
        .text("description", &literal(&body, LONGEST_DESCRIPTION))
        .integer("color", color(alert))
        .text("timestamp", &rfc3339(alert.at))
        .object("footer", Object::new().text("text", &cut(&footer, LONGEST_FOOTER, Unit::Utf16)));
    message = message.raw("embeds", &format!("[{}]", embed.finish()));
    // Nobody else is mentioned, even if the alert quotes a mention.
    let allowed = Object::new().texts("parse", []);
    message = message.object(
        "allowed_mentions",
        match mention {
            Some(Mention::Role(id)) => allowed.texts("roles", [id.as_str()]),
            Some(Mention::User(id)) => allowed.texts("users", [id.as_str()]),
            None => allowed,
        },
    );
    if alert.is_quiet() {
        message = message.integer("flags", SILENT);
    }
    message.finish()
}

impl Mention {
    fn written(&self) -> String {
        match self {
            Self::Role(id) => format!("<@&{id}>"),
            Self::User(id) => format!("<@{id}>"),
        }
    }
}

/// The colour at the message's side, as `0xRRGGBB`.
const fn color(alert: &Alert) -> i64 {
    match (alert.event, alert.severity) {
        (Event::Resolved, _) => 0x2e_cc_71,
        (Event::Acknowledged, _) => 0x34_98_db,
        (Event::Report, _) | (_, Severity::Info) => 0x95_a5_a6,
        (_, Severity::Warning) => 0xf1_c4_0f,
        (_, Severity::Critical) => 0xe6_7e_22,
        (_, Severity::Page) => 0xe7_4c_3c,
    }
}
