//! The alert desk: decides which message goes to which channel, and when.

use std::collections::BTreeSet;

use dogwatch_chain::Time;

use crate::alert::{Alert, AlertEvent};
use crate::digest::Maintenance;
use crate::hours::apart;
use crate::incident::{Acknowledgement, Hold, Incident, Phase};
use crate::notice::{AlertReport, Change, Notice};
use crate::rules::Rules;
use crate::severity::Severity;

/// What happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentEvent {
    /// Its raiser has something to report.
    Reported(Box<AlertReport>),
    /// Somebody acknowledged it.
    Acknowledged(String),
    /// It became part of a storm. Its message to these channels has not gone out and never will.
    JoinedStorm(BTreeSet<String>),
    /// The daemon has started, perhaps with changed rules.
    RulesChanged,
    /// It bypassed the desk and went to every channel that takes its severity. From now on the desk handles it.
    Adopted(Box<AlertReport>),
    /// The maintenance that held it back is over.
    Released,
    /// The time that [`Step::due`] returned has come.
    Due,
}

/// A message for some channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// The message.
    pub alert: Alert,
    /// The channels it goes to.
    pub channels: BTreeSet<String>,
    /// The earliest time to send it.
    pub not_before: Time,
}

/// The result of one event: the incident's new state and the messages to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The incident, or `None` if it can be forgotten.
    pub incident: Option<Incident>,
    /// The messages, in the order to send them.
    pub dispatches: Vec<Dispatch>,
}

impl Step {
    /// When the incident next needs attention if no other event comes first.
    pub fn due(&self, rules: &Rules) -> Option<Time> {
        let incident = self.incident.as_ref()?;
        let forget = || incident.openings.last().map(|last| last.plus(rules.flapping.window));
        match (incident.phase, incident.hold) {
            (Phase::Over, Hold::Free) => Some(forget().unwrap_or(incident.said_at)),
            (Phase::Over, _) => None,
            (Phase::Open, Hold::Free) => {
                let step = incident.steps.keys().next().copied();
                let over = incident.over_at;
                let repeat = repeats(incident).then(|| incident.said_at.plus(rules.repeat));
                [step, over, repeat].into_iter().flatten().min()
            }
            (Phase::Open, _) => incident.over_at,
        }
    }
}

/// Whether the desk repeats this incident.
fn repeats(incident: &Incident) -> bool {
    incident.alert.severity >= Severity::Critical && incident.acknowledged.is_none() && !incident.told.is_empty()
}

/// The rules, applied at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The current time.
    pub now: Time,
    /// The maintenance in progress, if there is one.
    pub maintenance: Option<&'a Maintenance>,
}

impl Desk<'_> {
    /// Handles one event of one incident.
    pub fn handle(&self, known: Option<Incident>, event: IncidentEvent) -> Step {
        match (known, event) {
            (known, IncidentEvent::Reported(report)) => match report.change {
                Change::Report => self.report(known, *report),
                Change::Over => self.over(known, report.notice),
                Change::Raised | Change::Worse | Change::News | Change::Refreshed => self.raised(known, *report),
            },
            (Some(known), IncidentEvent::Adopted(_)) if known.phase == Phase::Open => unchanged(known),
            (_, IncidentEvent::Adopted(report)) => self.adopted(*report),
            (None, _) => Step::default(),
            (Some(incident), IncidentEvent::Acknowledged(by)) => self.acknowledged(incident, by),
            (Some(incident), IncidentEvent::JoinedStorm(unsent)) => join(incident, &unsent),
            (Some(incident), IncidentEvent::RulesChanged) => self.rules_changed(incident),
            (Some(incident), IncidentEvent::Released) => self.released(incident),
            (Some(incident), IncidentEvent::Due) => self.due(incident),
        }
    }

    fn adopted(&self, report: AlertReport) -> Step {
        let severity = report.notice.severity;
        let takes = self.rules.recipients.iter().filter(|recipient| severity >= recipient.min_severity);
        let told = takes.map(|recipient| recipient.name.clone()).collect();
        Step { incident: Some(Incident { told, ..self.untold(report) }), dispatches: Vec::new() }
    }

    /// New rules may drop channels that know of the incident. If none is left, it opens on the new first channels.
    fn rules_changed(&self, mut incident: Incident) -> Step {
        if incident.phase == Phase::Over {
            return unchanged(incident);
        }
        let known = |name: &String| self.rules.recipients.iter().any(|recipient| recipient.name == *name);
        let heard = !incident.told.is_empty();
        incident.told.retain(known);
        incident.steps.values_mut().for_each(|channels| channels.retain(known));
        incident.steps.retain(|_, channels| !channels.is_empty());
        if heard && incident.told.is_empty() && incident.hold == Hold::Free && incident.acknowledged.is_none() {
            incident.alert.event = AlertEvent::Opened;
            incident.alert.at = self.now;
            return self.open(incident);
        }
        unchanged(incident)
    }

    /// A new incident that no channel knows of.
    fn untold(&self, report: AlertReport) -> Incident {
        let alert = Alert { at: self.now, ..report.notice.message(AlertEvent::Opened, report.at) };
        Incident {
            alert,
            phase: Phase::Open,
            hold: Hold::Free,
            told: BTreeSet::new(),
            steps: Default::default(),
            acknowledged: None,
            said_at: self.now,
            gathers_until: None,
            openings: vec![self.now],
            over_at: None,
        }
    }

    /// Sends a report; it leaves nothing open.
    fn report(&self, known: Option<Incident>, report: AlertReport) -> Step {
        let alert = Alert { at: self.now, ..report.notice.message(AlertEvent::Report, report.at) };
        let first = self.rules.plan(&alert, self.now).into_iter().next();
        let dispatches =
            first.into_iter().map(|(at, channels)| Dispatch { alert: alert.clone(), channels, not_before: at });
        Step { dispatches: dispatches.collect(), incident: known }
    }

    fn raised(&self, known: Option<Incident>, report: AlertReport) -> Step {
        match known {
            Some(incident) if incident.phase == Phase::Open && incident.over_at.is_none() => {
                self.again(incident, report)
            }
            known => self.opened(known, report),
        }
    }

    fn opened(&self, known: Option<Incident>, report: AlertReport) -> Step {
        let window = self.rules.flapping.window;
        let mut openings: Vec<Time> = known.iter().flat_map(|known| known.openings.iter().copied()).collect();
        openings.retain(|at| !apart(self.now, *at, window));
        openings.push(self.now);
        let held_open = known.filter(|known| known.phase == Phase::Open);
        if let Some(mut incident) = held_open {
            // The channels still show it as open, so it simply continues.
            incident.openings = openings;
            incident.over_at = None;
            return self.again(incident, report);
        }
        let mut incident = Incident { openings, ..self.untold(report) };
        if self.covered(&incident) {
            incident.hold = Hold::Maintenance;
            return Step { incident: Some(incident), dispatches: Vec::new() };
        }
        self.open(incident)
    }

    /// Sends it to the first channels of its routes.
    fn open(&self, mut incident: Incident) -> Step {
        if incident.flaps(self.rules.flapping.openings) {
            let (times, minutes) = (incident.openings.len(), self.rules.flapping.window.as_secs() / 60);
            let quiet = self.rules.flapping.quiet.as_secs() / 60;
            let note = format!(
                " It has come and gone {times} times within {minutes} min. Dogwatch keeps it open until it has stayed \
                 away for {quiet} min."
            );
            incident.alert.details.push_str(&note);
        }
        incident.steps = self.rules.plan(&incident.alert, self.now);
        let gathers_until = self.now.plus(self.rules.gather);
        incident.gathers_until = Some(gathers_until);
        incident.said_at = self.now;
        let mut dispatches = Vec::new();
        if let Some(channels) = incident.steps.remove(&self.now) {
            // Some channels may know of it from before a maintenance.
            incident.told.extend(channels.iter().cloned());
            dispatches.push(Dispatch { alert: incident.alert.clone(), channels, not_before: gathers_until });
        }
        Step { incident: Some(incident), dispatches }
    }

    /// Handles another report about an open incident.
    fn again(&self, mut incident: Incident, report: AlertReport) -> Step {
        let AlertReport { change, notice, .. } = report;
        let news = match change {
            Change::News => true,
            // A repeated report may have a new summary.
            Change::Raised => notice.summary != incident.alert.summary,
            _ => false,
        };
        let worse = notice.severity > incident.alert.severity;
        let severity = notice.severity.max(incident.alert.severity);
        let opened_at = incident.alert.opened_at;
        let acknowledged_by = std::mem::take(&mut incident.alert.acknowledged_by);
        let alert = notice.message(AlertEvent::Updated, self.now);
        incident.alert = Alert { opened_at, severity, acknowledged_by, ..alert };
        if incident.hold != Hold::Free {
            return unchanged(incident);
        }
        let acknowledged = incident.acknowledged.as_ref().is_some_and(|ack| severity <= ack.severity);
        if acknowledged || !(worse || news) {
            return unchanged(incident);
        }
        if self.covered(&incident) {
            // The message goes out when the maintenance ends.
            incident.hold = Hold::Maintenance;
            return unchanged(incident);
        }
        if worse {
            // The higher severity has its own routes and needs a new acknowledgement.
            incident.acknowledged = None;
            incident.alert.acknowledged_by.clear();
            return self.worse(incident);
        }
        self.say(incident, AlertEvent::Updated)
    }

    fn worse(&self, mut incident: Incident) -> Step {
        let mut plan = self.rules.plan(&incident.alert, self.now);
        let first = plan.remove(&self.now).unwrap_or_default();
        let new: BTreeSet<String> = first.difference(&incident.told).cloned().collect();
        incident.steps = plan;
        let Step { incident, mut dispatches } = self.say(incident, AlertEvent::Updated);
        let Some(mut incident) = incident else { return Step { incident, dispatches } };
        if !new.is_empty() {
            let alert = Alert { event: AlertEvent::Opened, ..incident.alert.clone() };
            dispatches.push(Dispatch { alert, channels: new.clone(), not_before: self.now });
            incident.told.extend(new);
        }
        Step { incident: Some(incident), dispatches }
    }

    /// Sends a message to every channel that knows of the incident.
    fn say(&self, mut incident: Incident, event: AlertEvent) -> Step {
        incident.said_at = self.now;
        let alert = Alert { event, at: self.now, ..incident.alert.clone() };
        let dispatches = if incident.told.is_empty() {
            Vec::new()
        } else {
            vec![Dispatch { alert, channels: incident.told.clone(), not_before: self.now }]
        };
        Step { incident: Some(incident), dispatches }
    }

    fn over(&self, known: Option<Incident>, end: Notice) -> Step {
        let mut incident = match known {
            Some(incident) if incident.phase == Phase::Open => incident,
            // It is already over, or it was never raised.
            known => return Step { incident: known, dispatches: Vec::new() },
        };
        // Keep the summary: the raiser need not remember it.
        let alert = &mut incident.alert;
        alert.event = AlertEvent::Resolved;
        alert.severity = alert.severity.max(end.severity);
        alert.details = end.details;
        alert.remedy = end.remedy;
        alert.command = end.command;
        alert.at = self.now;
        if incident.hold == Hold::Free && incident.flaps(self.rules.flapping.openings) {
            incident.over_at = Some(self.now.plus(self.rules.flapping.quiet));
            return Step { incident: Some(incident), dispatches: Vec::new() };
        }
        self.close(incident)
    }

    fn close(&self, mut incident: Incident) -> Step {
        incident.steps.clear();
        incident.over_at = None;
        incident.phase = Phase::Over;
        let mut step = self.say(incident, AlertEvent::Resolved);
        if let Some(incident) = &mut step.incident {
            incident.told.clear();
            incident.acknowledged = None;
        }
        step
    }

    fn acknowledged(&self, mut incident: Incident, by: String) -> Step {
        if incident.phase == Phase::Over {
            return unchanged(incident);
        }
        incident.steps.clear();
        if incident.acknowledged.is_some() {
            return unchanged(incident);
        }
        incident.alert.acknowledged_by.clone_from(&by);
        incident.acknowledged = Some(Acknowledgement { by, at: self.now, severity: incident.alert.severity });
        self.say(incident, AlertEvent::Acknowledged)
    }

    fn released(&self, mut incident: Incident) -> Step {
        if incident.hold != Hold::Maintenance {
            return Step { incident: Some(incident), dispatches: Vec::new() };
        }
        incident.hold = Hold::Free;
        match incident.phase {
            Phase::Over => Step { incident: Some(incident), dispatches: Vec::new() },
            Phase::Open
                if incident.acknowledged.as_ref().is_some_and(|ack| incident.alert.severity <= ack.severity) =>
            {
                unchanged(incident)
            }
            Phase::Open => {
                incident.acknowledged = None;
                incident.alert.acknowledged_by.clear();
                incident.alert.event = AlertEvent::Opened;
                incident.alert.at = self.now;
                self.open(incident)
            }
        }
    }

    fn due(&self, mut incident: Incident) -> Step {
        if incident.over_at.is_some_and(|at| at <= self.now) {
            return self.close(incident);
        }
        if incident.phase == Phase::Over {
            let remembered = incident.openings.iter().any(|at| !apart(self.now, *at, self.rules.flapping.window));
            let keep = remembered || incident.hold != Hold::Free;
            return Step { incident: keep.then_some(incident), dispatches: Vec::new() };
        }
        if self.covered(&incident) {
            // The message goes out when the maintenance ends.
            incident.hold = Hold::Maintenance;
            return Step { incident: Some(incident), dispatches: Vec::new() };
        }
        let mut next = BTreeSet::new();
        while let Some(step) = incident.steps.first_entry().filter(|step| *step.key() <= self.now) {
            next.extend(step.remove());
        }
        if !next.is_empty() {
            // The first step may have waited for its hours; then no channel knows of it yet.
            let event = if incident.told.is_empty() { AlertEvent::Opened } else { AlertEvent::Escalated };
            let alert = Alert { event, at: self.now, ..incident.alert.clone() };
            incident.told.extend(next.iter().cloned());
            incident.said_at = self.now;
            let dispatches = vec![Dispatch { alert, channels: next, not_before: self.now }];
            return Step { incident: Some(incident), dispatches };
        }
        if repeats(&incident) && apart(self.now, incident.said_at, self.rules.repeat) {
            return self.say(incident, AlertEvent::Updated);
        }
        Step { incident: Some(incident), dispatches: Vec::new() }
    }

    fn covered(&self, incident: &Incident) -> bool {
        self.maintenance.is_some_and(|maintenance| maintenance.covers(self.now, incident.alert.key.witness()))
    }
}

fn unchanged(incident: Incident) -> Step {
    Step { incident: Some(incident), dispatches: Vec::new() }
}

/// Makes it part of the storm's message. The caller has withdrawn its messages that have not gone out.
fn join(mut incident: Incident, unsent: &BTreeSet<String>) -> Step {
    incident.hold = Hold::Storm;
    incident.told.retain(|name| !unsent.contains(name));
    incident.steps.clear();
    incident.gathers_until = None;
    Step { incident: Some(incident), dispatches: Vec::new() }
}

#[cfg(test)]
mod tests;
