//! The message: a mention where it is serious, and an embed with a colour at its side.

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::rfc3339;
use dogwatch_sdk::text::{Unit, body, cut, one_line, plain, title};

use crate::Mention;
use crate::markdown::literal;

/// The longest texts, as Discord documents them. All of an embed may have 6000: these have less together.
const LONGEST_CONTENT: usize = 2000;
const LONGEST_TITLE: usize = 256;
const LONGEST_DESCRIPTION: usize = 4096;
/// Discord takes 2048; a footer is one line.
const LONGEST_FOOTER: usize = 200;
/// `SUPPRESS_NOTIFICATIONS` of a message's flags: it appears, and neither rings nor pops up.
const SILENT: i64 = 1 << 12;

/// The message as JSON.
pub(crate) fn of(mention: Option<&Mention>, alert: &Alert) -> String {
    let alert = &fitted(alert);
    let mention = mention.filter(|_| is_serious(alert));
    let mut message = Object::new();
    if let Some(mention) = mention {
        let ping = mention.written();
        let room = LONGEST_CONTENT.saturating_sub(ping.len().saturating_add(1));
        // A phone shows this line without unlocking it.
        message = message.text("content", &format!("{ping} {}", literal(&title(alert), room)));
    }
    let footer = one_line(&format!("{} {}, site {}", alert.chain, alert.witness, alert.site));
    let embed = Object::new()
        .text("title", &literal(&title(alert), LONGEST_TITLE))
        .text("description", &literal(&body(alert), LONGEST_DESCRIPTION))
        .integer("color", color(alert))
        .text("timestamp", &rfc3339(alert.at))
        .object("footer", Object::new().text("text", &cut(&footer, LONGEST_FOOTER, Unit::Utf16)));
    message = message.raw("embeds", &format!("[{}]", embed.finish()));
    // Nobody but the one who was asked for: not even if the alert quotes a mention.
    let allowed = Object::new().texts("parse", []);
    message = message.object(
        "allowed_mentions",
        match mention {
            Some(Mention::Role(id)) => allowed.texts("roles", [id.as_str()]),
            Some(Mention::User(id)) => allowed.texts("users", [id.as_str()]),
            None => allowed,
        },
    );
    if is_quiet(alert) {
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

fn is_over(alert: &Alert) -> bool {
    matches!(alert.event, Event::Acknowledged | Event::Resolved | Event::Report)
}

fn is_quiet(alert: &Alert) -> bool {
    is_over(alert) || alert.severity == Severity::Info
}

fn is_serious(alert: &Alert) -> bool {
    !is_over(alert) && matches!(alert.severity, Severity::Critical | Severity::Page)
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

/// The alert with texts so short that the last of them is still seen.
fn fitted(alert: &Alert) -> Alert {
    let short = |text: &str, limit| cut(&plain(text), limit, Unit::Utf16);
    Alert {
        summary: short(&alert.summary, 500),
        details: short(&alert.details, 1500),
        remedy: short(&alert.remedy, 700),
        command: short(&alert.command, 300),
        subject: short(&alert.subject, 200),
        key: short(&alert.key, 200),
        site: short(&alert.site, 100),
        acknowledged_by: short(&alert.acknowledged_by, 100),
        ..alert.clone()
    }
}
