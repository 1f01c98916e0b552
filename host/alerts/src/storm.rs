//! A storm: too many alerts at once get one message, not forty.

use dogwatch_chain::Time;

use crate::cause::Cause;
use crate::digest::lines;
use crate::incident::{Hold, Incident, Phase};
use crate::key::{AlertKey, Scope};
use crate::notice::{AlertReport, Change, Notice};
use crate::severity::Severity;
use crate::subject::Subject;

/// The report on the storm that these incidents are in: open while one of them is. `None` if there is no storm.
pub fn storm(site: &str, incidents: &[Incident]) -> Option<AlertReport> {
    let members: Vec<&Incident> = incidents.iter().filter(|incident| incident.hold == Hold::Storm).collect();
    let worst = members.iter().map(|incident| incident.alert.severity).max()?;
    let began: Time = members.iter().map(|incident| incident.alert.opened_at).min()?;
    let open = members.iter().filter(|incident| incident.phase == Phase::Open).count();
    let over = open == 0;
    let count = members.len();
    let notice = Notice {
        key: AlertKey::new(Scope::daemon(site), Cause::Storm),
        severity: worst.max(Severity::Warning),
        subject: Subject::Daemon,
        summary: format!("{count} alerts opened at once at {site}"),
        details: format!("Still open: {open}.\n{}", lines(members.into_iter())),
        remedy: if over { AlertReport::NOTHING_TO_DO } else { "Look for what they have in common." }.to_owned(),
        command: if over { String::new() } else { "dogwatch alerts".to_owned() },
    };
    Some(AlertReport { change: if over { Change::Over } else { Change::Raised }, notice, at: began })
}
