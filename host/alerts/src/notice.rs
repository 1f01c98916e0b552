//! What whoever watches something reports to the alert desk.

use dogwatch_chain::Time;

use crate::alert::{Alert, AlertEvent};
use crate::key::AlertKey;
use crate::severity::Severity;
use crate::subject::Subject;

/// An alert's wording: what is wrong, in words for the human who is woken by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which alert.
    pub key: AlertKey,
    /// How bad it is now.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// One line: what happened.
    pub summary: String,
    /// What Dogwatch saw, did and will do.
    pub details: String,
    /// What the human must do.
    pub remedy: String,
    /// The one command to type, or empty.
    pub command: String,
}

impl Notice {
    /// The first message about it.
    pub fn message(self, event: AlertEvent, at: Time) -> Alert {
        let Self { key, severity, subject, summary, details, remedy, command } = self;
        Alert {
            key,
            event,
            severity,
            subject,
            summary,
            details,
            remedy,
            command,
            acknowledged_by: String::new(),
            opened_at: at,
            at,
        }
    }
}

/// What is new about an alert. Whether anybody is told, and who, is for the desk to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It begins.
    Raised,
    /// It is worse than it was.
    Worse,
    /// Something happened that is worth a message at once.
    News,
    /// Its wording is up to date again, for whoever is told next. That alone is worth no message.
    Refreshed,
    /// It is over.
    Over,
    /// It is a report: nothing is open, and nothing will be over.
    Report,
}

/// A notice for the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertReport {
    /// What is new.
    pub change: Change,
    /// The wording. When it is over: of how it ended, with the summary of what is over.
    pub notice: Notice,
    /// When.
    pub at: Time,
}

impl AlertReport {
    /// The remedy of what is over.
    pub const NOTHING_TO_DO: &str = "Nothing to do.";

    /// It is over, and this is how it ended. The summary is that of what is over.
    pub fn over(at: Time, key: AlertKey, severity: Severity, subject: Subject, summary: &str, how: &str) -> Self {
        let notice = Notice {
            key,
            severity,
            subject,
            summary: summary.to_owned(),
            details: how.to_owned(),
            remedy: Self::NOTHING_TO_DO.to_owned(),
            command: String::new(),
        };
        Self { change: Change::Over, notice, at }
    }

    /// The message about it, for channels that are told past the desk.
    pub fn message(self) -> Alert {
        let event = match self.change {
            Change::Raised => AlertEvent::Opened,
            Change::Worse | Change::News | Change::Refreshed => AlertEvent::Updated,
            Change::Over => AlertEvent::Resolved,
            Change::Report => AlertEvent::Report,
        };
        self.notice.message(event, self.at)
    }

    /// An open alert is over, and this is how it ended.
    pub fn end_of(alert: &Alert, at: Time, how: &str) -> Self {
        Self::over(at, alert.key.clone(), alert.severity, alert.subject.clone(), &alert.summary, how)
    }
}
