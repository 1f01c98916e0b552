//! The desk at which alerts come in, and leave for the channels.

use std::collections::BTreeSet;

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, AlertEvent, Severity};

use crate::digest::Maintenance;
use crate::hours::apart;
use crate::incident::{Acknowledgement, Hold, Incident, Phase};
use crate::rules::Rules;

/// What happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was raised, said again, or is over; or it is a report.
    Said(Box<Alert>, String),
    /// Somebody has taken it on.
    Acknowledged(String),
    /// There are too many at once, and this is one of them. These channels were to be told of it, and will not be.
    Joined(BTreeSet<String>),
    /// The daemon has started, perhaps with other rules.
    Reconciled,
    /// It was said past the desk, to every channel that takes its severity, and is looked after here from now on.
    Adopted(Box<Alert>, String),
    /// The maintenance that held it back is over.
    Released,
    /// The time came that [`Taken::due`] named.
    Due,
}

/// Something to be said to some channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// What.
    pub alert: Alert,
    /// To whom.
    pub channels: BTreeSet<String>,
    /// Not before this.
    pub not_before: Time,
}

/// What is known of an incident now, and what has to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The incident; none if there is nothing left to remember.
    pub incident: Option<Incident>,
    /// What has to be said, in this order.
    pub dispatches: Vec<Dispatch>,
}

impl Taken {
    /// When something has to be done about it without anything happening.
    pub fn due(&self, rules: &Rules) -> Option<Time> {
        let incident = self.incident.as_ref()?;
        let forget = || incident.openings.last().map(|last| last.plus(rules.damping.window));
        match (incident.phase, incident.hold) {
            (Phase::Over, Hold::Free) => Some(forget().unwrap_or(incident.said_at)),
            (Phase::Over, _) => None,
            (Phase::Open, Hold::Free) => {
                let step = incident.steps.keys().next().copied();
                let over = incident.over_at;
                let repeat = repeats(incident).then(|| incident.said_at.plus(slackened(rules)));
                [step, over, repeat].into_iter().flatten().min()
            }
            (Phase::Open, _) => incident.over_at,
        }
    }
}

/// Whether it is said again and again.
fn repeats(incident: &Incident) -> bool {
    incident.alert.severity >= Severity::Critical && incident.acknowledged.is_none() && !incident.told.is_empty()
}

/// Whoever raised the alert may say it again with news, and comes first with it.
fn slackened(rules: &Rules) -> std::time::Duration {
    rules.repeat.saturating_add(rules.repeat.checked_div(10).unwrap_or_default())
}

/// The rules at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// What time it is.
    pub now: Time,
    /// The maintenance that goes on, if any does.
    pub maintenance: Option<&'a Maintenance>,
}

impl Desk<'_> {
    /// Works off one event of one incident.
    pub fn take(&self, known: Option<Incident>, event: Event) -> Taken {
        match (known, event) {
            (known, Event::Said(alert, witness)) => match alert.event {
                AlertEvent::Report => self.report(known, &alert),
                AlertEvent::Resolved => self.over(known, *alert),
                _ => self.raised(known, *alert, witness),
            },
            (Some(known), Event::Adopted(..)) if known.phase == Phase::Open => unchanged(known),
            (_, Event::Adopted(alert, witness)) => self.adopted(*alert, witness),
            (None, _) => Taken::default(),
            (Some(incident), Event::Acknowledged(by)) => self.acknowledged(incident, by),
            (Some(incident), Event::Joined(unsaid)) => join(incident, &unsaid),
            (Some(incident), Event::Reconciled) => self.reconciled(incident),
            (Some(incident), Event::Released) => self.released(incident),
            (Some(incident), Event::Due) => self.due(incident),
        }
    }

    fn adopted(&self, alert: Alert, witness: String) -> Taken {
        let takes = self.rules.recipients.iter().filter(|recipient| alert.severity >= recipient.min_severity);
        let incident =
            Incident { told: takes.map(|recipient| recipient.name.clone()).collect(), ..self.unsaid(alert, witness) };
        Taken { incident: Some(incident), dispatches: Vec::new() }
    }

    /// Under other rules some that were told may be gone. If all are, those who are now the first are told.
    fn reconciled(&self, mut incident: Incident) -> Taken {
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

    /// An incident of which nobody has heard.
    fn unsaid(&self, alert: Alert, witness: String) -> Incident {
        Incident {
            alert,
            witness,
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

    /// A report goes out, and leaves nothing open.
    fn report(&self, known: Option<Incident>, alert: &Alert) -> Taken {
        let now = self.rules.plan(alert, self.now).into_iter().next();
        let dispatches =
            now.into_iter().map(|(at, channels)| Dispatch { alert: alert.clone(), channels, not_before: at });
        Taken { dispatches: dispatches.collect(), incident: known }
    }

    fn raised(&self, known: Option<Incident>, alert: Alert, witness: String) -> Taken {
        match known {
            Some(incident) if incident.phase == Phase::Open && incident.over_at.is_none() => {
                self.again(incident, alert)
            }
            known => self.opened(known, alert, witness),
        }
    }

    fn opened(&self, known: Option<Incident>, mut alert: Alert, witness: String) -> Taken {
        let window = self.rules.damping.window;
        let mut openings: Vec<Time> = known.iter().flat_map(|known| known.openings.iter().copied()).collect();
        openings.retain(|at| !apart(self.now, *at, window));
        openings.push(self.now);
        let held_open = known.filter(|known| known.phase == Phase::Open);
        if let Some(mut incident) = held_open {
            // Channels believe it is open, and so it is again.
            incident.openings = openings;
            incident.over_at = None;
            return self.again(incident, alert);
        }
        alert.event = AlertEvent::Opened;
        let mut incident = Incident { openings, ..self.unsaid(alert, witness) };
        if self.covered(&incident) {
            incident.hold = Hold::Maintenance;
            return Taken { incident: Some(incident), dispatches: Vec::new() };
        }
        self.open(incident)
    }

    /// Tells whoever is the first to be told.
    fn open(&self, mut incident: Incident) -> Taken {
        if incident.flaps(self.rules.damping.openings) {
            let (times, minutes) = (incident.openings.len(), self.rules.damping.window.as_secs() / 60);
            let quiet = self.rules.damping.quiet.as_secs() / 60;
            let note = format!(
                " It has come and gone {times} times within {minutes} min: from here on it is held open until it has \
                 stayed away for {quiet} min."
            );
            incident.alert.details.push_str(&note);
        }
        incident.steps = self.rules.plan(&incident.alert, self.now);
        let gathers_until = self.now.plus(self.rules.gather);
        incident.gathers_until = Some(gathers_until);
        incident.said_at = self.now;
        let mut dispatches = Vec::new();
        if let Some(channels) = incident.steps.remove(&self.now) {
            // Some may know of it from before a maintenance.
            incident.told.extend(channels.iter().cloned());
            dispatches.push(Dispatch { alert: incident.alert.clone(), channels, not_before: gathers_until });
        }
        Taken { incident: Some(incident), dispatches }
    }

    /// It is open, and something is said of it.
    fn again(&self, mut incident: Incident, alert: Alert) -> Taken {
        let worse = alert.severity > incident.alert.severity;
        let news = alert.summary != incident.alert.summary.trim_start_matches("resolved: ");
        let due = apart(self.now, incident.said_at, self.rules.repeat);
        let opened_at = incident.alert.opened_at;
        let severity = alert.severity.max(incident.alert.severity);
        incident.alert = Alert { event: AlertEvent::Updated, opened_at, severity, ..alert };
        if incident.hold != Hold::Free {
            return unchanged(incident);
        }
        let taken_on = incident.acknowledged.as_ref().is_some_and(|ack| severity <= ack.severity);
        if taken_on || !(worse || news || (due && severity >= Severity::Critical)) {
            return unchanged(incident);
        }
        if self.covered(&incident) {
            // What would be said now is said when the maintenance ends.
            incident.hold = Hold::Maintenance;
            return unchanged(incident);
        }
        if worse {
            // It is another alert now: with routes of its own, and to be acknowledged anew.
            incident.acknowledged = None;
            return self.worse(incident);
        }
        self.say(incident, AlertEvent::Updated)
    }

    fn worse(&self, mut incident: Incident) -> Taken {
        let mut plan = self.rules.plan(&incident.alert, self.now);
        let first = plan.remove(&self.now).unwrap_or_default();
        let new: BTreeSet<String> = first.difference(&incident.told).cloned().collect();
        incident.steps = plan;
        let Taken { incident, mut dispatches } = self.say(incident, AlertEvent::Updated);
        let Some(mut incident) = incident else { return Taken { incident, dispatches } };
        if !new.is_empty() {
            let alert = Alert { event: AlertEvent::Opened, ..incident.alert.clone() };
            dispatches.push(Dispatch { alert, channels: new.clone(), not_before: self.now });
            incident.told.extend(new);
        }
        Taken { incident: Some(incident), dispatches }
    }

    /// Tells all who know of it.
    fn say(&self, mut incident: Incident, event: AlertEvent) -> Taken {
        incident.said_at = self.now;
        let alert = Alert { event, at: self.now, ..incident.alert.clone() };
        let dispatches = if incident.told.is_empty() {
            Vec::new()
        } else {
            vec![Dispatch { alert, channels: incident.told.clone(), not_before: self.now }]
        };
        Taken { incident: Some(incident), dispatches }
    }

    fn over(&self, known: Option<Incident>, alert: Alert) -> Taken {
        let mut incident = match known {
            Some(incident) if incident.phase == Phase::Open => incident,
            // It is over already, or nobody ever heard of it.
            known => return Taken { incident: known, dispatches: Vec::new() },
        };
        let severity = alert.severity.max(incident.alert.severity);
        let opened_at = incident.alert.opened_at;
        // Whoever calls it off need not remember what it said.
        let summary = format!("resolved: {}", incident.alert.summary.trim_start_matches("resolved: "));
        incident.alert = Alert { severity, opened_at, summary, ..alert };
        if incident.hold == Hold::Free && incident.flaps(self.rules.damping.openings) {
            incident.over_at = Some(self.now.plus(self.rules.damping.quiet));
            return Taken { incident: Some(incident), dispatches: Vec::new() };
        }
        self.close(incident)
    }

    fn close(&self, mut incident: Incident) -> Taken {
        incident.steps.clear();
        incident.over_at = None;
        incident.phase = Phase::Over;
        let mut taken = self.say(incident, AlertEvent::Resolved);
        if let Some(incident) = &mut taken.incident {
            incident.told.clear();
            incident.acknowledged = None;
        }
        taken
    }

    fn acknowledged(&self, mut incident: Incident, by: String) -> Taken {
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

    fn released(&self, mut incident: Incident) -> Taken {
        if incident.hold != Hold::Maintenance {
            return Taken { incident: Some(incident), dispatches: Vec::new() };
        }
        incident.hold = Hold::Free;
        match incident.phase {
            Phase::Over => Taken { incident: Some(incident), dispatches: Vec::new() },
            Phase::Open
                if incident.acknowledged.as_ref().is_some_and(|ack| incident.alert.severity <= ack.severity) =>
            {
                unchanged(incident)
            }
            Phase::Open => {
                incident.acknowledged = None;
                incident.alert.event = AlertEvent::Opened;
                incident.alert.at = self.now;
                self.open(incident)
            }
        }
    }

    fn due(&self, mut incident: Incident) -> Taken {
        if incident.over_at.is_some_and(|at| at <= self.now) {
            return self.close(incident);
        }
        if incident.phase == Phase::Over {
            let remembered = incident.openings.iter().any(|at| !apart(self.now, *at, self.rules.damping.window));
            let keep = remembered || incident.hold != Hold::Free;
            return Taken { incident: keep.then_some(incident), dispatches: Vec::new() };
        }
        if self.covered(&incident) {
            // What would be said now is said when the maintenance ends.
            incident.hold = Hold::Maintenance;
            return Taken { incident: Some(incident), dispatches: Vec::new() };
        }
        let mut next = BTreeSet::new();
        while let Some(step) = incident.steps.first_entry().filter(|step| *step.key() <= self.now) {
            next.extend(step.remove());
        }
        if !next.is_empty() {
            // The first step may have waited for its hours: then nobody has heard of it yet.
            let event = if incident.told.is_empty() { AlertEvent::Opened } else { AlertEvent::Escalated };
            let alert = Alert { event, at: self.now, ..incident.alert.clone() };
            incident.told.extend(next.iter().cloned());
            incident.said_at = self.now;
            let dispatches = vec![Dispatch { alert, channels: next, not_before: self.now }];
            return Taken { incident: Some(incident), dispatches };
        }
        if repeats(&incident) && apart(self.now, incident.said_at, slackened(self.rules)) {
            return self.say(incident, AlertEvent::Updated);
        }
        Taken { incident: Some(incident), dispatches: Vec::new() }
    }

    fn covered(&self, incident: &Incident) -> bool {
        self.maintenance.is_some_and(|maintenance| maintenance.covers(self.now, &incident.witness))
    }
}

fn unchanged(incident: Incident) -> Taken {
    Taken { incident: Some(incident), dispatches: Vec::new() }
}

/// From now on it is said with the others; what of it has not gone out yet was withdrawn by the caller.
fn join(mut incident: Incident, unsaid: &BTreeSet<String>) -> Taken {
    incident.hold = Hold::Storm;
    incident.told.retain(|name| !unsaid.contains(name));
    incident.steps.clear();
    incident.gathers_until = None;
    Taken { incident: Some(incident), dispatches: Vec::new() }
}

#[cfg(test)]
mod tests;
