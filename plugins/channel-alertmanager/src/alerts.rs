//! The alert as Alertmanager takes it: once, or for a resolution once for each severity that it may have had.

use std::time::Duration;

use dogwatch_sdk::channel::{Alert, Event, Severity};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::rfc3339;
use dogwatch_sdk::text::{Unit, body_within, cut, key_within, one_line, summary};

/// The longest summary, in characters. Alertmanager has no limit, but the services that it notifies do.
const SUMMARY: usize = 1000;
/// The longest description, in characters, for the same reason.
const DESCRIPTION: usize = 10_000;
/// The longest value of a label, in characters. A longer one is cut the same way in every message.
const LABEL: usize = 1000;
/// How far in the past an alert's end is put, in milliseconds: Alertmanager's clock may be this far behind. It would
/// ignore an end in its future and keep the later one it already has.
const MARGIN: i64 = 30_000;

/// The JSON of the request.
pub(crate) fn of(alert: &Alert, resolve_after: Duration) -> String {
    let ends_at = if alert.event == Event::Resolved {
        alert.at.saturating_sub(MARGIN)
    } else {
        alert.at.saturating_add(i64::try_from(resolve_after.as_millis()).unwrap_or(i64::MAX))
    };
    let ends_at = ends_at.max(alert.opened_at);
    let posted: Vec<_> = Severity::ALL
        .into_iter()
        .filter(|severity| match alert.event {
            Event::Resolved => *severity <= alert.severity,
            _ => *severity == alert.severity,
        })
        .map(|severity| {
            Object::new()
                .object("labels", labels(alert, severity))
                .object("annotations", annotations(alert))
                .text("startsAt", &rfc3339(alert.opened_at))
                .text("endsAt", &rfc3339(ends_at))
                .finish()
        })
        .collect();
    format!("[{}]", posted.join(","))
}

/// The alert's identity: nothing here may change while the alert is open, except the severity.
fn labels(alert: &Alert, severity: Severity) -> Object {
    let label = |text: &str| cut(&one_line(text), LABEL, Unit::Chars);
    Object::new()
        .text("alertname", &label(&alert.cause))
        .text("severity", severity.name())
        .text("site", &label(&alert.site))
        .text("chain", &label(&alert.chain))
        .text("witness", &label(&alert.witness))
        .text("subject", &label(&alert.subject))
        .text("dogwatch_key", &key_within(&one_line(&alert.key), LABEL, Unit::Chars))
}

fn annotations(alert: &Alert) -> Object {
    let annotations = Object::new()
        .text("summary", &cut(&summary(alert), SUMMARY, Unit::Chars))
        .text("description", &body_within(alert, DESCRIPTION, Unit::Chars));
    if alert.acknowledged_by.is_empty() {
        return annotations;
    }
    annotations.text("acknowledged_by", &cut(&one_line(&alert.acknowledged_by), LABEL, Unit::Chars))
}
