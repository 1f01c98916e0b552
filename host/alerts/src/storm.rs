//! Too many alerts at once: one message, not forty.

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, AlertEvent, AlertKey, Severity, Subject};

use crate::digest::lines;
use crate::incident::{Hold, Incident, Phase};

/// What is to be said of the storm that these incidents are in: open while one of them is. None: none is in one.
pub fn storm(site: &str, now: Time, incidents: &[Incident]) -> Option<Alert> {
    let members: Vec<&Incident> = incidents.iter().filter(|incident| incident.hold == Hold::Storm).collect();
    let worst = members.iter().map(|incident| incident.alert.severity).max()?;
    let began = members.iter().map(|incident| incident.alert.opened_at).min()?;
    let open = members.iter().filter(|incident| incident.phase == Phase::Open).count();
    let over = open == 0;
    let count = members.len();
    let summary = format!("{count} alerts came at once at {site}");
    Some(Alert {
        key: AlertKey(format!("daemon/{site}/storm")),
        event: if over { AlertEvent::Resolved } else { AlertEvent::Opened },
        severity: worst.max(Severity::Warning),
        subject: Subject::Daemon,
        chain: String::new(),
        summary: if over { format!("resolved: {summary}") } else { summary },
        details: format!("Still open: {open}.\n{}", lines(members.into_iter())),
        remedy: if over { "Nothing to do.".to_owned() } else { "Look for what they have in common.".to_owned() },
        command: if over { String::new() } else { "dogwatch alerts".to_owned() },
        acknowledged_by: String::new(),
        opened_at: began,
        at: now,
    })
}
