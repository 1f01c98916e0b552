//! Reports to the alert desk.

use dogwatch_chain::Time;

use crate::alert::{Alert, AlertEvent};
use crate::key::AlertKey;
use crate::severity::Severity;
use crate::subject::Subject;

/// An alert's wording: what is wrong, for the person it wakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The alert's identity.
    pub key: AlertKey,
    /// How bad it is now; the desk remembers the worst.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// One line: what happened.
    pub summary: String,
    /// What Dogwatch saw, did and will do.
    pub details: String,
    /// What the operator must do.
    pub remedy: String,
    /// The one command to type, or empty.
    pub command: String,
}

impl Notice {
    /// Makes a message about an alert that opens at `at`.
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

/// What is new about an alert. The desk decides who, if anyone, gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The alert is raised.
    Raised,
    /// It is worse than it was.
    Worse,
    /// Something happened that deserves a message at once.
    News,
    /// Its wording was brought up to date for the next message. That alone deserves no message.
    Refreshed,
    /// It is over.
    Over,
    /// It is a report: it opens nothing, so nothing will be over.
    Report,
}

/// A notice for the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertReport {
    /// What is new.
    pub change: Change,
    /// The wording. If the alert is over, the details say how it ended; the summary stays that of the alert.
    pub notice: Notice,
    /// When it happened.
    pub at: Time,
}

impl AlertReport {
    /// The remedy once an alert is over.
    pub const NOTHING_TO_DO: &str = "Nothing to do.";

    /// Reports that an alert is over and how it ended. `summary` is the summary it had.
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

    /// The message about it, for channels that get it without the desk.
    pub fn message(self) -> Alert {
        let event = match self.change {
            Change::Raised => AlertEvent::Opened,
            Change::Worse | Change::News | Change::Refreshed => AlertEvent::Updated,
            Change::Over => AlertEvent::Resolved,
            Change::Report => AlertEvent::Report,
        };
        self.notice.message(event, self.at)
    }

    /// Reports that this open alert is over and how it ended.
    pub fn end_of(alert: &Alert, at: Time, how: &str) -> Self {
        Self::over(at, alert.key.clone(), alert.severity, alert.subject.clone(), &alert.summary, how)
    }
}
