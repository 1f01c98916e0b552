//! A message about an alert, as channels carry it.

use std::borrow::Cow;

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

use crate::key::AlertKey;
use crate::severity::Severity;
use crate::subject::Subject;

/// The stage of an alert that a message reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertEvent {
    /// The alert is new.
    Opened,
    /// It is still open: something changed, or it is time to repeat it.
    Updated,
    /// Nobody acknowledged it in time, so it goes to the next channels.
    Escalated,
    /// Somebody acknowledged it.
    Acknowledged,
    /// The alert is over.
    Resolved,
    /// A report or a digest: it opens nothing, so nothing will be resolved.
    Report,
}

/// One message about an alert, worded for the person it wakes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The alert's identity.
    pub key: AlertKey,
    /// The stage that this message reports.
    pub event: AlertEvent,
    /// The worst severity so far: it never goes down, not even when the alert is resolved.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// One line: what happened. [`Alert::headline`] marks it as resolved.
    pub summary: String,
    /// What Dogwatch saw, did and will do.
    pub details: String,
    /// What the operator must do.
    pub remedy: String,
    /// The one command to type, or empty.
    #[serde(default)]
    pub command: String,
    /// Who acknowledged it, or empty.
    #[serde(default)]
    pub acknowledged_by: String,
    /// When the alert opened.
    pub opened_at: Time,
    /// When this message was made.
    pub at: Time,
}

impl Alert {
    /// The summary as channels show it, marked when the alert is resolved.
    pub fn headline(&self) -> Cow<'_, str> {
        match self.event {
            AlertEvent::Resolved => Cow::Owned(format!("resolved: {}", self.summary)),
            _ => Cow::Borrowed(&self.summary),
        }
    }
}
