//! The body if there is no template.

use dogwatch_sdk::channel::Alert;
use dogwatch_sdk::json::Object;
use dogwatch_sdk::rfc3339;

/// The alert as a JSON object; with each time in two forms, for humans and for machines.
pub(crate) fn of(alert: &Alert) -> String {
    Object::new()
        .text("key", &alert.key)
        .text("message_id", &alert.message_id)
        .text("event", alert.event.name())
        .text("severity", alert.severity.name())
        .text("subject", &alert.subject)
        .text("cause", &alert.cause)
        .text("site", &alert.site)
        .text("chain", &alert.chain)
        .text("witness", &alert.witness)
        .text("summary", &alert.summary)
        .text("details", &alert.details)
        .text("remedy", &alert.remedy)
        .text("command", &alert.command)
        .text("acknowledged_by", &alert.acknowledged_by)
        .text("opened_at", &rfc3339(alert.opened_at))
        .integer("opened_at_ms", alert.opened_at)
        .text("at", &rfc3339(alert.at))
        .integer("at_ms", alert.at)
        .finish()
}
