//! A site's alert desk: the real one, with one channel that takes everything.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_alerts::{
    Alert, AlertEvent, AlertKey, AlertReport, Desk, Incident, IncidentEvent, Phase, Recipient, Rules, Scope, Severity,
    Step,
};
use dogwatch_chain::Time;
use dogwatch_engine::AlertBook;

/// A message that went out.
#[derive(Clone, Debug)]
pub(crate) struct DeskMessage {
    pub(crate) slot: u64,
    pub(crate) event: AlertEvent,
    pub(crate) key: AlertKey,
    pub(crate) severity: Severity,
    pub(crate) summary: String,
}

/// The open incidents, and every message that went out.
#[derive(Clone, Debug)]
pub(crate) struct NightDesk {
    rules: Rules,
    incidents: BTreeMap<AlertKey, Incident>,
    pub(crate) messages: Vec<DeskMessage>,
}

impl NightDesk {
    pub(crate) fn new() -> Self {
        let all = Recipient { name: "all".to_owned(), min_severity: Severity::Info };
        let mut rules = Rules::plain("here", vec![all], Duration::from_secs(300));
        rules.gather = Duration::ZERO;
        // Every opening and every end is to be seen.
        rules.flapping.openings = usize::MAX;
        Self { rules, incidents: BTreeMap::new(), messages: Vec::new() }
    }

    /// Forgets all incidents. The messages stay: they have gone out.
    pub(crate) fn forget(&mut self) {
        self.incidents.clear();
    }

    /// All that are open.
    pub(crate) const fn incidents(&self) -> &BTreeMap<AlertKey, Incident> {
        &self.incidents
    }

    /// Goes back to the incidents of a backup.
    pub(crate) fn restore(&mut self, incidents: &BTreeMap<AlertKey, Incident>) {
        self.incidents.clone_from(incidents);
    }

    /// Takes in what a daemon reports.
    pub(crate) fn report(&mut self, now: Time, slot: u64, reports: impl IntoIterator<Item = AlertReport>) {
        for report in reports {
            self.step(now, slot, report.notice.key.clone(), IncidentEvent::Reported(Box::new(report)));
        }
    }

    /// Does what has fallen due: repetitions.
    pub(crate) fn due(&mut self, now: Time, slot: u64) {
        let is_due = |incident: &Incident| {
            let step = Step { incident: Some(incident.clone()), dispatches: Vec::new() };
            step.due(&self.rules).is_some_and(|at| at <= now)
        };
        let due: Vec<AlertKey> =
            self.incidents.iter().filter(|(_, incident)| is_due(incident)).map(|(key, _)| key.clone()).collect();
        for key in due {
            self.step(now, slot, key, IncidentEvent::Due);
        }
    }

    fn step(&mut self, now: Time, slot: u64, key: AlertKey, event: IncidentEvent) {
        let desk = Desk { rules: &self.rules, now, maintenance: None };
        let step = desk.handle(self.incidents.remove(&key), event);
        self.messages.extend(step.dispatches.into_iter().map(|dispatch| DeskMessage {
            slot,
            event: dispatch.alert.event,
            key: dispatch.alert.key,
            severity: dispatch.alert.severity,
            summary: dispatch.alert.summary,
        }));
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
