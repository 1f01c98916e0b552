//! Maintenance: silence with an end, and what is said at that end.

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::incident::{Hold, Incident, Phase};
use crate::key::{AlertKey, Scope};
use crate::notice::{AlertReport, Change, Notice};
use crate::severity::Severity;
use crate::subject::Subject;

/// As many alerts as a digest names one by one.
const NAMED: usize = 30;

/// A time in which the operator is at work, and wants to hear nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Since when.
    pub since: Time,
    /// Until when; there is none without an end.
    pub until: Time,
    /// Of this witness alone, or of everything.
    pub witness: Option<String>,
    /// Why, in the operator's words, or empty.
    pub reason: String,
}

impl Maintenance {
    /// Whether an alert about that witness is held back now.
    pub fn covers(&self, now: Time, witness: &str) -> bool {
        // A clock set back behind its beginning ends it: silence must not outlast what was agreed.
        self.since <= now && now < self.until && self.witness.as_deref().is_none_or(|known| known == witness)
    }
}

impl Maintenance {
    /// Whether it is over: its end has come, or the clock was set back behind its beginning.
    pub fn is_over(&self, now: Time) -> bool {
        now >= self.until || now < self.since
    }
}

/// What came while the operator wanted to hear nothing; none if nothing came.
pub fn digest(site: &str, maintenance: &Maintenance, incidents: &[Incident]) -> Option<AlertReport> {
    let held: Vec<&Incident> = incidents.iter().filter(|incident| incident.hold == Hold::Maintenance).collect();
    let worst = held.iter().map(|incident| incident.alert.severity).max().unwrap_or(Severity::Info);
    let open = held.iter().filter(|incident| incident.phase == Phase::Open).count();
    if held.is_empty() {
        return None;
    }
    let mut details = lines(held.iter().copied());
    details.push_str("\nThose that are open follow now, one by one.");
    let notice = Notice {
        key: AlertKey::new(Scope::daemon(site), Cause::Maintenance),
        severity: worst,
        subject: Subject::Daemon,
        summary: format!("maintenance is over; alerts that came: {}, still open: {open}", held.len()),
        details,
        remedy: "Look at those that are open.".to_owned(),
        command: "dogwatch alerts".to_owned(),
    };
    Some(AlertReport { change: Change::Report, notice, at: maintenance.since })
}

/// One line for each incident, the worst first; as many as anybody will read.
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
