//! The alert desk of a night: the real one, with one channel that takes everything.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_alerts::{
    Alert, AlertKey, AlertReport, Desk, Incident, IncidentEvent, Phase, Recipient, Rules, Scope, Severity, Step,
};
use dogwatch_chain::Time;
use dogwatch_engine::AlertBook;

/// What a daemon has stored of its alerts, and every message that went out.
#[derive(Debug)]
pub(crate) struct AlertDesk {
    rules: Rules,
    incidents: BTreeMap<AlertKey, Incident>,
    pub(crate) said: Vec<Alert>,
}

impl AlertDesk {
    pub(crate) fn new() -> Self {
        let all = Recipient { name: "all".to_owned(), min_severity: Severity::Info };
        let mut rules = Rules::plain("here", vec![all], Duration::from_secs(300));
        rules.gather = Duration::ZERO;
        // Every opening and every end is to be seen.
        rules.flapping.openings = usize::MAX;
        Self { rules, incidents: BTreeMap::new(), said: Vec::new() }
    }

    /// Takes in what a daemon reports.
    pub(crate) fn report(&mut self, now: Time, reports: Vec<AlertReport>) {
        for report in reports {
            self.step(now, report.notice.key.clone(), IncidentEvent::Reported(Box::new(report)));
        }
    }

    /// Does what has fallen due: repetitions.
    pub(crate) fn due(&mut self, now: Time) {
        let step = |incident: &Incident| Step { incident: Some(incident.clone()), dispatches: Vec::new() };
        let due =
            self.incidents.iter().filter(|(_, incident)| step(incident).due(&self.rules).is_some_and(|at| at <= now));
        let due: Vec<AlertKey> = due.map(|(key, _)| key.clone()).collect();
        for key in due {
            self.step(now, key, IncidentEvent::Due);
        }
    }

    fn step(&mut self, now: Time, key: AlertKey, event: IncidentEvent) {
        let desk = Desk { rules: &self.rules, now, maintenance: None };
        let step = desk.handle(self.incidents.remove(&key), event);
        self.said.extend(step.dispatches.into_iter().map(|dispatch| dispatch.alert));
        if let Some(incident) = step.incident {
            self.incidents.insert(key, incident);
        }
    }

    /// The open alerts.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Alert> {
        self.incidents.values().filter(|incident| incident.phase == Phase::Open).map(|incident| &incident.alert)
    }

    /// The book of whoever watches a witness, or the chain.
    pub(crate) fn book(&self, wanted: impl Fn(&Scope) -> bool) -> AlertBook {
        AlertBook::resume(self.open().filter(|alert| wanted(&alert.key.scope)))
    }
}
