//! The event, for the Events API v2.

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::rfc3339;
use dogwatch_sdk::text::{Unit, cut, key_within, one_line, plain, title};

/// The longest deduplication key, in characters (PagerDuty, Events API v2).
const KEY: usize = 255;
/// The longest summary, likewise.
const SUMMARY: usize = 1024;
/// The longest short field, in characters; PagerDuty names no limit.
const FIELD: usize = 255;
/// The longest long detail, in characters. With all of them escaped, an event stays far below the limit of 512 KB.
const DETAIL: usize = 15_000;

/// The deduplication key: the alert's own, marked with a hash if it had to be cut.
pub(crate) fn key(alert: &Alert) -> String {
    key_within(&alert.key, KEY, Unit::Chars)
}

/// The event for an alert, without the routing key; `None` for a report.
pub(crate) fn of(alert: &Alert) -> Option<Object> {
    let key = key(alert);
    match alert.event {
        Event::Opened | Event::Updated | Event::Escalated => Some(trigger(alert, &key)),
        Event::Acknowledged => Some(action("acknowledge", &key)),
        Event::Resolved => Some(resolve(&key)),
        Event::Report => None,
    }
}

/// The event that ends an incident.
pub(crate) fn resolve(key: &str) -> Object {
    action("resolve", key)
}

fn action(action: &str, key: &str) -> Object {
    Object::new().text("event_action", action).text("dedup_key", key)
}

fn trigger(alert: &Alert, key: &str) -> Object {
    let payload = Object::new()
        .text("summary", &cut(&title(alert), SUMMARY, Unit::Chars))
        .text("severity", severity(alert.severity))
        .text("source", &field(&alert.site))
        .text("timestamp", &rfc3339(alert.at))
        .text("component", &field(&alert.subject))
        .text("group", &field(&alert.chain))
        .text("class", &field(&alert.cause))
        .object("custom_details", details(alert));
    action("trigger", key).text("client", "Dogwatch").object("payload", payload)
}

/// PagerDuty knows nothing louder than critical.
const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Page | Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn details(alert: &Alert) -> Object {
    let mut details = Object::new();
    if alert.event == Event::Escalated {
        details = details.text("note", "Nobody has acknowledged this alert yet.");
    }
    let texts = [("details", &alert.details), ("to_do", &alert.remedy), ("command", &alert.command)];
    for (name, text) in texts {
        let text = plain(text);
        if !text.trim().is_empty() {
            details = details.text(name, &cut(text.trim(), DETAIL, Unit::Chars));
        }
    }
    details
        .text("severity", alert.severity.name())
        .text("witness", &field(&alert.witness))
        .text("since", &rfc3339(alert.opened_at))
        .text("alert", &cut(&one_line(&alert.key), DETAIL, Unit::Chars))
}

fn field(text: &str) -> String {
    cut(&one_line(text), FIELD, Unit::Chars)
}
