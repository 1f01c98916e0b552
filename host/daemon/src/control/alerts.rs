//! The socket's part for alerts: what is open, who has taken it on, maintenance, and messages to try the channels with.

use std::time::Duration;

use dogwatch_alerts::{Hold, Incident, Maintenance};
use dogwatch_engine::{AlertKey, Severity};
use serde::{Deserialize, Serialize};

use super::{Control, Failure, failed};
use crate::courier::{Outcome, Tested};
use crate::store::{Delivery, Which, Write};

/// The longest maintenance: what is silent for longer is off.
const LONGEST_MAINTENANCE: Duration = Duration::from_hours(7 * 24);

/// As long as the cause of an alert may be that operators' own programs raise, in bytes.
const LONGEST_CAUSE: usize = 100;

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
            key: alert.key.0,
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

impl Control {
    pub(super) async fn alerts(&self) -> Result<AlertList, Failure> {
        let open = self.desk.open().await.map_err(failed)?;
        let maintenance = self.desk.store.maintenance().await.map_err(failed)?;
        Ok(AlertList { alerts: open.into_iter().map(OpenAlert::from).collect(), maintenance })
    }

    pub(super) async fn acknowledge(&self, request: AckRequest) -> Result<Vec<String>, Failure> {
        let which = request.key.clone().map_or(Which::All, |key| Which::Key(AlertKey(key)));
        let keys = self.desk.acknowledge(which, &request.by).await.map_err(failed)?;
        match (keys.is_empty(), request.key) {
            (true, Some(key)) => {
                Err(Failure::not_found(format!("no alert {key} is open. Those that are: dogwatch alerts")))
            }
            _ => Ok(keys.into_iter().map(|key| key.0).collect()),
        }
    }

    pub(super) async fn maintain(&self, request: MaintenanceRequest) -> Result<Option<Maintenance>, Failure> {
        let now = self.desk.clock.now();
        let window = request.millis.map(Duration::from_millis).map(|span| Maintenance {
            since: now,
            until: now.plus(span.min(LONGEST_MAINTENANCE)),
            witness: request.witness,
            reason: request.reason,
        });
        self.desk.maintain(window.clone()).await.map_err(failed)?;
        Ok(window)
    }

    pub(super) async fn raise(&self, request: RaiseRequest) -> Result<String, Failure> {
        let RaiseRequest { cause, severity, summary, details } = request;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        if cause.is_empty() || cause.len() > LONGEST_CAUSE || !cause.chars().all(fits) {
            return Err(Failure::bad(format!(
                "{cause:?} is no name of an alert: write at most {LONGEST_CAUSE} letters, digits, -, _, . and /"
            )));
        }
        let alert = self.desk.words().raised(&cause, severity, summary, details);
        let key = alert.key.0.clone();
        let write = Write::Alert { alert: Box::new(alert), witness: String::new() };
        self.desk.commit(vec![write]).await.map_err(failed)?;
        Ok(key)
    }

    pub(super) async fn test(&self, request: TestRequest) -> Result<Vec<TestReport>, Failure> {
        let wanted = |name: &str| request.channel.as_deref().is_none_or(|channel| channel == name);
        let couriers: Vec<_> = self.rehearsal.couriers.iter().filter(|courier| wanted(&courier.name)).collect();
        if couriers.is_empty() {
            let named = request.channel.unwrap_or_default();
            let known: Vec<&str> = self.rehearsal.couriers.iter().map(|courier| courier.name.as_str()).collect();
            return Err(Failure::not_found(format!("there is no channel {named:?}; there are: {}", known.join(", "))));
        }
        let mut reports = Vec::new();
        for courier in couriers {
            let memory = self.desk.store.memory(&courier.name).await.map_err(failed)?;
            let (works, what) = match request.severity {
                None => described(courier.self_test(&memory).await),
                Some(_) if !courier.roles().alerts => (None, "takes heartbeats, and no alerts".to_owned()),
                Some(severity) => {
                    let [alert, over] = self.desk.words().test(severity);
                    let sent = outcome(courier.deliver(&memory, &Delivery::past_the_store(alert)).await);
                    // Where a service keeps incidents, none must stay open.
                    let _ = courier.deliver(&memory, &Delivery::past_the_store(over)).await;
                    sent
                }
            };
            reports.push(TestReport { channel: courier.name.clone(), works, what });
        }
        Ok(reports)
    }
}

pub(crate) fn described(tested: Tested) -> (Option<bool>, String) {
    match tested {
        Tested::Passed => (Some(true), "works".to_owned()),
        Tested::Untestable => (None, "has no test that wakes nobody".to_owned()),
        Tested::Failed(why) => (Some(false), why),
    }
}

fn outcome(outcome: Outcome) -> (Option<bool>, String) {
    match outcome {
        Outcome::Delivered(_) => (Some(true), "delivered".to_owned()),
        Outcome::Follow(_) => (Some(true), "taken by the service; whether it reaches a human shows later".to_owned()),
        Outcome::Remember(_) => (None, "the service wants it sent elsewhere; test once more".to_owned()),
        Outcome::Wait(_, why) | Outcome::Failed(why) | Outcome::Refused(why) | Outcome::NoPlugin(why) => {
            (Some(false), why)
        }
    }
}
