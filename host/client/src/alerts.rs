//! Open alerts, acknowledgements, maintenance, the operator's own alerts, and tests of channels.

use dogwatch_alerts::{Hold, Incident, Maintenance, Severity};
use serde::{Deserialize, Serialize};

/// An open alert, as `dogwatch alerts` shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenAlert {
    /// Its key, which identifies it.
    pub key: String,
    /// How serious it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: String,
    /// What happened.
    pub summary: String,
    /// What Dogwatch saw, did and will do.
    pub details: String,
    /// What to do.
    pub remedy: String,
    /// The one command to type.
    pub command: String,
    /// When it opened, UTC.
    pub opened_at: String,
    /// Who has acknowledged it, if anybody has.
    pub acknowledged_by: Option<String>,
    /// The channels that were notified.
    pub told: Vec<String>,
    /// The next step while nobody acknowledges it: when, UTC, and which channels.
    pub next: Option<(String, Vec<String>)>,
    /// Why nobody is notified: maintenance, or one message for many alerts.
    pub hold: Option<String>,
}

impl From<Incident> for OpenAlert {
    fn from(incident: Incident) -> Self {
        let alert = incident.alert;
        Self {
            key: alert.key.to_string(),
            severity: alert.severity,
            subject: alert.subject.to_string(),
            summary: alert.summary,
            details: alert.details,
            remedy: alert.remedy,
            command: alert.command,
            opened_at: alert.opened_at.to_string(),
            acknowledged_by: incident.acknowledged.map(|acknowledged| acknowledged.by),
            told: incident.told.into_iter().collect(),
            next: incident.steps.into_iter().next().map(|(at, names)| (at.to_string(), names.into_iter().collect())),
            hold: match incident.hold {
                Hold::Free => None,
                Hold::Maintenance => Some("maintenance".to_owned()),
                Hold::Storm => Some("one message for many".to_owned()),
            },
        }
    }
}

/// What `dogwatch alerts` shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlertList {
    /// The open alerts, worst first.
    pub alerts: Vec<OpenAlert>,
    /// The maintenance under way, if any.
    pub maintenance: Option<Maintenance>,
}

/// An acknowledgement of alerts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckRequest {
    /// The alert's key; `None` for all open alerts.
    pub key: Option<String>,
    /// Who acknowledges.
    pub by: String,
}

/// A request for a maintenance, or for its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceRequest {
    /// For how long, in milliseconds; `None` ends the current one.
    pub millis: Option<u64>,
    /// The only witness it is for; `None` for everything.
    pub witness: Option<String>,
    /// The reason; may be empty.
    pub reason: String,
}

/// An alert that one of the operator's own programs raises or resolves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaiseRequest {
    /// Its name, which identifies it at this site.
    pub cause: String,
    /// How serious it is.
    pub severity: Severity,
    /// What happened, in one line; `None` resolves the alert.
    pub summary: Option<String>,
    /// More about it; may be empty.
    pub details: String,
}

/// A test of channels.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestRequest {
    /// The only channel to test; `None` for all.
    pub channel: Option<String>,
    /// Send a real alert of this severity; `None` for a self-test that wakes nobody.
    pub severity: Option<Severity>,
}

/// The result of the test of one channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TestReport {
    /// The channel.
    pub channel: String,
    /// Whether it works; `None` if the test cannot tell.
    pub works: Option<bool>,
    /// The result in words.
    pub what: String,
}
