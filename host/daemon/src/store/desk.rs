//! The alert desk inside a transaction: each step of an incident is stored together with its cause.

use dogwatch_alerts::{
    Alert, AlertKey, AlertReport, Cause, Change, Desk, Hold, Incident, IncidentEvent, Maintenance, Phase, Rules, Scope,
    Step, digest, storm,
};
use dogwatch_chain::Time;
use rusqlite::{Transaction, params};

use crate::store::incidents::{all, forget, keys, load, maintenance, save};
use crate::store::{StoreError, messages};

/// The shortest time between two messages about a growing storm.
const STORM_PAUSE: std::time::Duration = std::time::Duration::from_mins(1);

/// A choice of open alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All open alerts.
    All,
    /// The alert with this key.
    Key(AlertKey),
    /// The alert with this key, if it opened at this time.
    Opened(AlertKey, Time),
}

/// The desk in one transaction.
pub(super) struct Work<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    rules: &'a Rules,
    now: Time,
    pub(super) maintenance: Option<Maintenance>,
}

impl<'a> Work<'a> {
    pub(super) fn new(transaction: &'a Transaction<'a>, rules: &'a Rules, now: Time) -> Result<Self, StoreError> {
        Ok(Self { transaction, rules, now, maintenance: maintenance(transaction)? })
    }

    /// Handles a report.
    pub(super) fn report(&self, report: AlertReport) -> Result<(), StoreError> {
        let key = report.notice.key.clone();
        self.step(&key, IncidentEvent::Reported(Box::new(report)))
    }

    pub(super) fn step(&self, key: &AlertKey, event: IncidentEvent) -> Result<(), StoreError> {
        let known = load(self.transaction, key)?;
        let gathered = known.as_ref().and_then(|known| known.gathers_until);
        let desk = Desk { rules: self.rules, now: self.now, maintenance: self.maintenance.as_ref() };
        let step = desk.handle(known, event);
        self.keep(key, &step)?;
        let gathers = step.incident.as_ref().and_then(|incident| incident.gathers_until);
        let hold = step.incident.as_ref().map(|incident| incident.hold);
        if *key == self.storm_key() {
            return Ok(());
        }
        match hold {
            Some(Hold::Storm) => self.tell_storm(),
            _ if gathers.is_some() && gathers != gathered => self.look_for_storm(),
            _ => Ok(()),
        }
    }

    fn keep(&self, key: &AlertKey, step: &Step) -> Result<(), StoreError> {
        for dispatch in &step.dispatches {
            messages::enqueue(self.transaction, dispatch, self.now)?;
        }
        match &step.incident {
            Some(incident) => save(self.transaction, key, incident, step.due(self.rules), self.now),
            None => forget(self.transaction, key),
        }
    }

    fn storm_key(&self) -> AlertKey {
        AlertKey::new(Scope::daemon(&self.rules.site), Cause::Storm)
    }

    /// Merges alerts into a storm if too many open at once or a storm is in progress.
    fn look_for_storm(&self) -> Result<(), StoreError> {
        let (storm_key, now) = (self.storm_key(), self.now.as_millis());
        if self.rules.storm == 0 {
            return Ok(());
        }
        let known = load(self.transaction, &storm_key)?.filter(|storm| storm.phase == Phase::Open);
        let newest = self.members()?.iter().map(|member| member.alert.opened_at).max();
        let lately = |at: Time| self.now.since(at) < STORM_PAUSE && at.since(self.now) < STORM_PAUSE;
        // A storm that is acknowledged or has passed takes in no new alerts: they would go unnoticed.
        let goes_on = known.as_ref().is_some_and(|storm| storm.acknowledged.is_none()) && newest.is_some_and(lately);
        let gathering = keys(
            self.transaction,
            "SELECT key FROM incident WHERE phase = 'open' AND hold = 'free' AND gathers_ms > ?1 AND key <> ?2",
            params![now, storm_key.to_string()],
        )?;
        if gathering.len() <= self.rules.storm && !goes_on {
            return Ok(());
        }
        if let Some(before) = known.filter(|_| !goes_on) {
            // A new storm is a new alert; it lists the members of the previous one too.
            let how = "A new storm alert has taken its place; it lists what is still open.";
            self.report(AlertReport::end_of(&before.alert, self.now, how))?;
        }
        for key in gathering {
            let unsent = messages::withdraw(self.transaction, &key, self.now)?;
            let known = load(self.transaction, &key)?;
            let desk = Desk { rules: self.rules, now: self.now, maintenance: self.maintenance.as_ref() };
            self.keep(&key, &desk.handle(known, IncidentEvent::JoinedStorm(unsent)))?;
        }
        self.tell_storm()
    }

    /// Puts every open incident under the current rules.
    pub(super) fn rules_changed(&self) -> Result<(), StoreError> {
        for key in keys(self.transaction, "SELECT key FROM incident WHERE phase = 'open'", params![])? {
            self.step(&key, IncidentEvent::RulesChanged)?;
        }
        Ok(())
    }

    fn members(&self) -> Result<Vec<Incident>, StoreError> {
        all(self.transaction, "SELECT state FROM incident WHERE hold = 'storm'")
    }

    /// Reports on the storm, if there is anything new about it.
    fn tell_storm(&self) -> Result<(), StoreError> {
        let key = self.storm_key();
        let Some(report) = storm(&self.rules.site, &self.members()?) else { return Ok(()) };
        let known = load(self.transaction, &key)?.filter(|known| known.phase == Phase::Open);
        if report.change == Change::Over {
            self.report(report)?;
            self.transaction.execute("DELETE FROM incident WHERE hold = 'storm'", [])?;
            return Ok(());
        }
        let Some(mut known) = known else { return self.report(report) };
        let quiet_until = known.said_at.plus(STORM_PAUSE);
        if report.notice.severity > known.alert.severity || self.now >= quiet_until || self.now < known.said_at {
            return self.report(report);
        }
        let (opened_at, severity) = (known.alert.opened_at, known.alert.severity);
        let alert = Alert { opened_at, severity, at: self.now, ..report.message() };
        if messages::reword(self.transaction, &alert, self.now)? {
            known.alert = alert;
        }
        let due = Step { incident: Some(known.clone()), dispatches: Vec::new() }.due(self.rules);
        let due = due.map_or(quiet_until, |due| due.min(quiet_until));
        save(self.transaction, &key, &known, Some(due), self.now)
    }

    /// Does what is due. Returns whether there was anything.
    pub(super) fn due(&self) -> Result<bool, StoreError> {
        if let Some(over) = self.maintenance.as_ref().filter(|window| window.is_over(self.now)) {
            self.release(over)?;
            return Ok(true);
        }
        let due = keys(
            self.transaction,
            "SELECT key FROM incident WHERE due_ms IS NOT NULL AND (due_ms <= ?1 OR touched_ms > ?1) LIMIT 100",
            params![self.now.as_millis()],
        )?;
        for key in &due {
            if *key == self.storm_key() {
                self.tell_storm()?;
            }
            self.step(key, IncidentEvent::Due)?;
        }
        Ok(!due.is_empty())
    }

    /// Ends a maintenance: sends a digest of the alerts that it held back, then one message for each that is open.
    pub(super) fn release(&self, over: &Maintenance) -> Result<(), StoreError> {
        self.transaction.execute("DELETE FROM maintenance", [])?;
        let free = Self { maintenance: None, transaction: self.transaction, rules: self.rules, now: self.now };
        let held = all(self.transaction, "SELECT state FROM incident WHERE hold = 'maintenance'")?;
        if let Some(report) = digest(&self.rules.site, over, &held) {
            free.report(report)?;
        }
        for incident in held {
            free.step(&incident.alert.key, IncidentEvent::Released)?;
        }
        Ok(())
    }

    /// A new maintenance replaces the previous one: releases the alerts that it does not cover.
    pub(super) fn replaced_by(&self, window: &Maintenance) -> Result<(), StoreError> {
        let held = all(self.transaction, "SELECT state FROM incident WHERE hold = 'maintenance'")?;
        let maintenance = Some(window.clone());
        let now = Self { maintenance, transaction: self.transaction, rules: self.rules, now: self.now };
        for incident in held.iter().filter(|incident| !window.covers(self.now, incident.alert.key.witness())) {
            now.step(&incident.alert.key, IncidentEvent::Released)?;
        }
        Ok(())
    }

    pub(super) fn acknowledge(&self, which: &Which, by: &str) -> Result<Vec<AlertKey>, StoreError> {
        let open = "SELECT key FROM incident WHERE phase = 'open'";
        let mut wanted = match which {
            Which::All => keys(self.transaction, open, params![])?,
            Which::Key(key) => keys(self.transaction, &format!("{open} AND key = ?1"), params![key.to_string()])?,
            Which::Opened(key, at) => {
                let query = format!("{open} AND key = ?1 AND opened_ms = ?2");
                keys(self.transaction, &query, params![key.to_string(), at.as_millis()])?
            }
        };
        if wanted.contains(&self.storm_key()) {
            let members = keys(self.transaction, &format!("{open} AND hold = 'storm'"), params![])?;
            wanted.extend(members.into_iter().filter(|member| !wanted.contains(member)).collect::<Vec<_>>());
        }
        for key in &wanted {
            self.step(key, IncidentEvent::Acknowledged(by.to_owned()))?;
        }
        Ok(wanted)
    }
}
