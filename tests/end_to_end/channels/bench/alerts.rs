//! Messages about one alert, from its opening to its end, and messages with hostile or far too long texts.

use dogwatch::store::Delivery;
use dogwatch_alerts::{Alert, AlertEvent, AlertKey, Cause, Scope, Severity, Subject};
use dogwatch_chain::{AccountName, Time};

/// The key of the one alert, as channels get it.
pub(crate) const KEY: &str = "witness/hive/alice/missing";
pub(crate) const SUMMARY: &str = "alice misses blocks";
pub(crate) const DETAILS: &str = "Two own slots in a row";
pub(crate) const REMEDY: &str = "Look at node one";
pub(crate) const COMMAND: &str = "dogwatch status";
/// When the alert opens, in milliseconds since 1970.
pub(crate) const OPENED_AT: i64 = 1_795_436_256_000;

/// Markup of every service, JSON and form syntax, headers, marks that reverse text, control characters and emoji.
pub(crate) const HOSTILE: &str = "\
    <b>*_`~|>#[x](https://evil.example)&amp;<!channel> @everyone @here @room <@1> <@&2> \"'\\ %0A+& \
    </Say><Dial>1</Dial> \u{202e}drawkcab\u{2066} \u{7}\u{1b}[31m\r\nBcc: x@evil.example\r\n שלום 🐕\u{200d}🦺 \
    {{ .Labels }} ${x}";
/// The minimum length of each text of the overlong alert, in bytes.
const OVERLONG: usize = 1_000_000;

/// The message for this event of the alert. Each has its own number.
pub(crate) fn message(event: AlertEvent) -> Delivery {
    let (number, minutes) = match event {
        AlertEvent::Opened => (1, 0),
        AlertEvent::Updated => (2, 1),
        AlertEvent::Escalated => (3, 2),
        AlertEvent::Acknowledged => (4, 3),
        AlertEvent::Resolved => (5, 10),
        AlertEvent::Report => (6, 20),
    };
    let mut alert = Alert {
        key: AlertKey::new(Scope::witness("hive", "alice"), Cause::Missing),
        event,
        severity: Severity::Page,
        subject: Subject::Witness(AccountName::new("alice").unwrap()),
        summary: SUMMARY.to_owned(),
        details: DETAILS.to_owned(),
        remedy: REMEDY.to_owned(),
        command: COMMAND.to_owned(),
        acknowledged_by: String::new(),
        opened_at: Time::from_millis(OPENED_AT),
        at: Time::from_millis(OPENED_AT + minutes * 60_000),
    };
    match event {
        AlertEvent::Acknowledged => alert.acknowledged_by = "bob".to_owned(),
        AlertEvent::Resolved => {
            alert.remedy = "Nothing to do.".to_owned();
            alert.command = String::new();
        }
        AlertEvent::Report => {
            alert.key = AlertKey::new(Scope::daemon("fsn1"), Cause::Report);
            alert.severity = Severity::Info;
            alert.summary = "all would work".to_owned();
        }
        AlertEvent::Opened | AlertEvent::Updated | AlertEvent::Escalated => {}
    }
    delivery(number, alert)
}

/// An open page whose texts try to act as more than text.
pub(crate) fn hostile() -> Delivery {
    let texts = (HOSTILE.to_owned(), format!("{HOSTILE}\n```\n</pre></b>\n{HOSTILE}"), HOSTILE.to_owned());
    with_texts(7, texts)
}

/// An open page with texts of a megabyte each, most of which needs escaping.
pub(crate) fn overlong() -> Delivery {
    let piece = "<&*_🐕é";
    let long = piece.repeat(OVERLONG / piece.len() + 1);
    with_texts(8, (long.clone(), long.clone(), long))
}

fn with_texts(number: i64, (summary, details, remedy): (String, String, String)) -> Delivery {
    let opened = message(AlertEvent::Opened).alert;
    delivery(number, Alert { summary, details, remedy, ..opened })
}

fn delivery(number: i64, alert: Alert) -> Delivery {
    Delivery { message: number, alert, attempts: 0, receipt: String::new() }
}
