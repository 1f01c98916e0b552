//! The bodies of the requests.

use dogwatch_sdk::channel::{Alert, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::rfc3339;
use dogwatch_sdk::text::{Unit, body_within, cut, one_line, title};

use crate::alias;
use crate::config::Config;

/// The longest message (Opsgenie, Alert API). Its unit is not documented; UTF-16 is the strictest candidate.
const MESSAGE: usize = 130;
/// The longest description, likewise.
const DESCRIPTION: usize = 15_000;
/// The longest source, likewise.
const SOURCE: usize = 100;
/// The longest value in the details, and the longest entity. Opsgenie takes 8000 for all details together, and 512 for
/// an entity.
const FIELD: usize = 500;
/// The longest note. Opsgenie takes 25000, but nobody reads that much.
const NOTE: usize = 1000;

/// The alert as JSON.
pub(crate) fn alert(config: &Config, alert: &Alert) -> String {
    let mut json = Object::new()
        .text("message", &cut(&harmless(&title(alert)), MESSAGE, Unit::Utf16))
        .text("alias", &alias::of(alert, alert.severity))
        .text("description", &harmless(&body_within(alert, DESCRIPTION, Unit::Utf16)))
        .text("priority", priority(alert.severity))
        .text("entity", &field(&alert.subject))
        .text("source", &source(alert));
    if !config.responders.is_empty() {
        let responders: Vec<_> = config.responders.iter().map(|responder| responder.json()).collect();
        json = json.raw("responders", &format!("[{}]", responders.join(",")));
    }
    if !config.tags.is_empty() {
        json = json.texts("tags", config.tags.iter().map(String::as_str));
    }
    let details = Object::new()
        .text("key", &field(&alert.key))
        .text("severity", alert.severity.name())
        .text("cause", &field(&alert.cause))
        .text("chain", &field(&alert.chain))
        .text("witness", &field(&alert.witness))
        .text("site", &field(&alert.site))
        .text("since", &rfc3339(alert.opened_at));
    json.object("details", details).finish()
}

/// The body of an acknowledgement or a resolution.
pub(crate) fn note(alert: &Alert) -> String {
    let mut note = title(alert);
    if !alert.acknowledged_by.is_empty() {
        note = format!("{note} (acknowledged by {})", one_line(&alert.acknowledged_by));
    }
    let note = cut(&harmless(&note), NOTE, Unit::Utf16);
    Object::new().text("source", &source(alert)).text("note", &note).finish()
}

/// The body of the self-test.
pub(crate) fn self_test() -> String {
    Object::new().text("source", "Dogwatch").text("note", "self-test: this alert does not exist").finish()
}

/// P1 is the loudest of five. P4 stays free for the operator's own rules.
const fn priority(severity: Severity) -> &'static str {
    match severity {
        Severity::Page => "P1",
        Severity::Critical => "P2",
        Severity::Warning => "P3",
        Severity::Info => "P5",
    }
}

fn source(alert: &Alert) -> String {
    cut(&harmless(&format!("Dogwatch at {}", one_line(&alert.site))), SOURCE, Unit::Utf16)
}

fn field(text: &str) -> String {
    cut(&harmless(&one_line(text)), FIELD, Unit::Utf16)
}

/// Opsgenie shows messages and descriptions as HTML in a browser, but as plain text in notifications and calls.
/// Look-alike brackets are right in both.
fn harmless(text: &str) -> String {
    text.replace('<', "‹").replace('>', "›")
}
