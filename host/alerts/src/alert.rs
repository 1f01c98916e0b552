//! A message about an alert, as channels carry it.

use std::borrow::Cow;

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

use crate::key::AlertKey;
use crate::severity::Severity;
use crate::subject::Subject;

/// Where in its life an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertEvent {
    /// It is new.
    Opened,
    /// It is still open, and something about it changed or it is time to say so again.
    Updated,
    /// Nobody acknowledged it in time, and it goes to whoever is next.
    Escalated,
    /// Somebody acknowledged it.
    Acknowledged,
    /// It is over.
    Resolved,
    /// A report or a digest: nothing is open, and nothing will be resolved.
    Report,
}

/// One message about an alert, in words for the human who is woken by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Which alert.
    pub key: AlertKey,
    /// Where in its life it is.
    pub event: AlertEvent,
    /// How bad it is, or was at its worst: while an alert is open this never goes down, nor does it when it is over.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// One line: what happened. [`Alert::headline`] adds that it is over.
    pub summary: String,
    /// What Dogwatch saw, did and will do.
    pub details: String,
    /// What the human must do.
    pub remedy: String,
    /// The one command to type, or empty.
    #[serde(default)]
    pub command: String,
    /// Who acknowledged it, or empty.
    #[serde(default)]
    pub acknowledged_by: String,
    /// When it opened.
    pub opened_at: Time,
    /// When this message was made.
    pub at: Time,
}

impl Alert {
    /// The summary as channels show it: of what is over, it says so.
    pub fn headline(&self) -> Cow<'_, str> {
        match self.event {
            AlertEvent::Resolved => Cow::Owned(format!("resolved: {}", self.summary)),
            _ => Cow::Borrowed(&self.summary),
        }
    }
}
