//! The title of a message.

use super::clean::one_line;
use crate::channel_types::{Alert, Event, Severity};

/// One line that says what happened: `PAGE at fsn1: alice: node a missed 3 blocks in a row`.
#[must_use]
pub fn title(alert: &Alert) -> String {
    let word = match (alert.event, alert.severity) {
        (Event::Resolved, _) => "RESOLVED",
        (Event::Acknowledged, _) => "ACKNOWLEDGED",
        (Event::Report, _) => "REPORT",
        (_, Severity::Page) => "PAGE",
        (_, Severity::Critical) => "CRITICAL",
        (_, Severity::Warning) => "WARNING",
        (_, Severity::Info) => "INFO",
    };
    format!("{word} at {}: {}", one_line(&alert.site), summary(alert))
}

/// The summary in one line, without the `resolved: ` that the host puts in front when an alert is resolved. For a title
/// or a field that shows the event itself.
#[must_use]
pub fn summary(alert: &Alert) -> String {
    let summary = one_line(&alert.summary);
    match summary.strip_prefix("resolved: ") {
        Some(summary) => summary.to_owned(),
        None => summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures::alert;

    #[test]
    fn titles_say_what_happened() {
        let mut alert = alert();
        assert_eq!(title(&alert), "CRITICAL at home: alice misses blocks");
        alert.event = Event::Resolved;
        alert.summary = "resolved: alice misses blocks".into();
        assert_eq!(title(&alert), "RESOLVED at home: alice misses blocks");
    }
}
