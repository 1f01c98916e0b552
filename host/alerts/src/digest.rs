//! Maintenance: a silence with a fixed end, and the digest sent when it ends.

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::incident::{Hold, Incident, Phase};
use crate::key::{AlertKey, Scope};
use crate::notice::{AlertReport, Change, Notice};
use crate::severity::Severity;
use crate::subject::Subject;

/// The most alerts that a digest lists one by one.
const NAMED: usize = 30;

/// A window in which the operator is working and wants no messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// When it began.
    pub since: Time,
    /// When it ends; every maintenance has an end.
    pub until: Time,
    /// The witness it covers, or `None` for everything.
    pub witness: Option<String>,
    /// The operator's reason, or empty.
    pub reason: String,
}

impl Maintenance {
    /// Whether an alert about that witness is held back now.
    pub fn covers(&self, now: Time, witness: &str) -> bool {
        // A clock set back past its beginning ends it: the silence must not last longer than was asked for.
        self.since <= now && now < self.until && self.witness.as_deref().is_none_or(|known| known == witness)
    }
}

impl Maintenance {
    /// Whether it is over: its end has come, or the clock was set back past its beginning.
    pub fn is_over(&self, now: Time) -> bool {
        now >= self.until || now < self.since
    }
}

/// The report on the alerts that a maintenance held back, or `None` if there were none.
pub fn digest(site: &str, maintenance: &Maintenance, incidents: &[Incident]) -> Option<AlertReport> {
    let held: Vec<&Incident> = incidents.iter().filter(|incident| incident.hold == Hold::Maintenance).collect();
    let worst = held.iter().map(|incident| incident.alert.severity).max().unwrap_or(Severity::Info);
    let open = held.iter().filter(|incident| incident.phase == Phase::Open).count();
    if held.is_empty() {
        return None;
    }
    let mut details = lines(held.iter().copied());
    details.push_str("\nThe open alerts follow, one message each.");
    let notice = Notice {
        key: AlertKey::new(Scope::daemon(site), Cause::Maintenance),
        severity: worst,
        subject: Subject::Daemon,
        summary: format!("maintenance is over; alerts held back: {}, still open: {open}", held.len()),
        details,
        remedy: "Check the alerts that are still open.".to_owned(),
        command: "dogwatch alerts".to_owned(),
    };
    Some(AlertReport { change: Change::Report, notice, at: maintenance.since })
}

/// One line per incident, the worst first, up to [`NAMED`] lines.
pub(crate) fn lines<'a>(incidents: impl Iterator<Item = &'a Incident>) -> String {
    let mut all: Vec<&Incident> = incidents.collect();
    all.sort_by_key(|incident| (std::cmp::Reverse(incident.alert.severity), incident.alert.opened_at));
    let line = |incident: &&Incident| {
        let summary = &incident.alert.summary;
        let state = match incident.phase {
            Phase::Open => "open",
            Phase::Over => "over",
        };
        format!("{}, {state}, since {} UTC: {summary}", incident.alert.severity, incident.alert.opened_at)
    };
    let mut lines: Vec<String> = all.iter().take(NAMED).map(line).collect();
    if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}
