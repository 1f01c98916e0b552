//! Open alerts, acknowledgements, maintenance, alerts of the operator's own, and tests of channels.

use dogwatch_alerts::{Hold, Incident, Maintenance, Severity};
use serde::{Deserialize, Serialize};

/// An open alert, as `dogwatch alerts` shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenAlert {
    /// Its identity.
    pub key: String,
    /// How bad it is.
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
    /// Since when, UTC.
    pub opened_at: String,
    /// Who has taken it on, if anybody has.
    pub acknowledged_by: Option<String>,
    /// Who was told.
    pub told: Vec<String>,
    /// When who is told next, UTC, while nobody takes it on.
    pub next: Option<(String, Vec<String>)>,
    /// Why nobody is told: maintenance, or one message for many.
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
    /// The open alerts, the worst first.
    pub alerts: Vec<OpenAlert>,
    /// The maintenance that goes on, if any does.
    pub maintenance: Option<Maintenance>,
}

/// Somebody takes alerts on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckRequest {
    /// Which; none is all.
    pub key: Option<String>,
    /// Who.
    pub by: String,
}

/// A wish for a maintenance, or for its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceRequest {
    /// For how long; none ends the present one.
    pub millis: Option<u64>,
    /// Of this witness alone.
    pub witness: Option<String>,
    /// Why, or empty.
    pub reason: String,
}

/// An alert that one of the operator's own programs raises, or calls off.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaiseRequest {
    /// Its identity among those of this site.
    pub cause: String,
    /// How bad it is.
    pub severity: Severity,
    /// What happened, in one line; none: it is over.
    pub summary: Option<String>,
    /// More of it.
    pub details: String,
}

/// A test of channels.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestRequest {
    /// Of this channel alone.
    pub channel: Option<String>,
    /// As an alert of this severity; none: a self-test that wakes nobody.
    pub severity: Option<Severity>,
}

/// How the test of one channel went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TestReport {
    /// The channel.
    pub channel: String,
    /// Whether it works, where that could be found out.
    pub works: Option<bool>,
    /// In words.
    pub what: String,
}
