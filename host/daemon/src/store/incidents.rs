//! The alert desk's part of the store: each incident a row, and each step of one a transaction.

use std::sync::Arc;

use dogwatch_alerts::{Desk, Event, Hold, Incident, Maintenance, Phase, Rules, Taken, digest, storm};
use dogwatch_chain::Time;
use dogwatch_engine::{Alert, AlertBook, AlertEvent, AlertKey, WatchState};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::store::{Store, StoreError, deliveries, from_json, to_json};

/// How often a storm that grows is said again at most.
const STORM_PAUSE: std::time::Duration = std::time::Duration::from_mins(1);

/// Which alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that are open.
    All,
    /// The one with this key.
    Key(AlertKey),
    /// The one with this key, if it is the one that opened then.
    Opened(AlertKey, Time),
}

/// A transaction at the desk.
pub(super) struct Work<'a> {
    transaction: &'a Transaction<'a>,
    rules: &'a Rules,
    now: Time,
    maintenance: Option<Maintenance>,
}

impl<'a> Work<'a> {
    pub(super) fn new(transaction: &'a Transaction<'a>, rules: &'a Rules, now: Time) -> Result<Self, StoreError> {
        Ok(Self { transaction, rules, now, maintenance: maintenance(transaction)? })
    }

    /// An alert comes in.
    pub(super) fn say(&self, alert: Alert, witness: String) -> Result<(), StoreError> {
        let key = alert.key.clone();
        self.step(&key, Event::Said(Box::new(alert), witness))
    }

    fn step(&self, key: &AlertKey, event: Event) -> Result<(), StoreError> {
        let known = load(self.transaction, key)?;
        let gathered = known.as_ref().and_then(|known| known.gathers_until);
        let desk = Desk { rules: self.rules, now: self.now, maintenance: self.maintenance.as_ref() };
        let taken = desk.take(known, event);
        self.keep(key, &taken)?;
        let gathers = taken.incident.as_ref().and_then(|incident| incident.gathers_until);
        let hold = taken.incident.as_ref().map(|incident| incident.hold);
        if *key == self.storm_key() {
            return Ok(());
        }
        match hold {
            Some(Hold::Storm) => self.tell_storm(),
            _ if gathers.is_some() && gathers != gathered => self.look_for_storm(),
            _ => Ok(()),
        }
    }

    fn keep(&self, key: &AlertKey, taken: &Taken) -> Result<(), StoreError> {
        for dispatch in &taken.dispatches {
            let witness = taken.incident.as_ref().map_or("", |incident| incident.witness.as_str());
            deliveries::enqueue(self.transaction, dispatch, witness, self.now)?;
        }
        match &taken.incident {
            Some(incident) => save(self.transaction, key, incident, taken.due(self.rules), self.now),
            None => forget(self.transaction, key),
        }
    }

    fn storm_key(&self) -> AlertKey {
        AlertKey(format!("daemon/{}/storm", self.rules.site))
    }

    /// Makes one of many, if there are too many openings at once or a storm goes on.
    fn look_for_storm(&self) -> Result<(), StoreError> {
        let (storm_key, now) = (self.storm_key(), self.now.as_millis());
        if self.rules.storm == 0 {
            return Ok(());
        }
        let known = load(self.transaction, &storm_key)?.filter(|storm| storm.phase == Phase::Open);
        let newest = self.members()?.iter().map(|member| member.alert.opened_at).max();
        let lately = |at: Time| self.now.since(at) < STORM_PAUSE && at.since(self.now) < STORM_PAUSE;
        // One that somebody has taken on, or that has passed, takes in nothing new: it would swallow it.
        let goes_on = known.as_ref().is_some_and(|storm| storm.acknowledged.is_none()) && newest.is_some_and(lately);
        let gathering = keys(
            self.transaction,
            "SELECT key FROM incident WHERE phase = 'open' AND hold = 'free' AND gathers_ms > ?1 AND key <> ?2",
            params![now, storm_key.0],
        )?;
        if gathering.len() <= self.rules.storm && !goes_on {
            return Ok(());
        }
        if let Some(before) = known.filter(|_| !goes_on) {
            // Another storm: another alert, with the members of the one before.
            let over = Alert {
                event: AlertEvent::Resolved,
                details: "Another storm has come, which lists what is still open.".to_owned(),
                remedy: "Nothing to do.".to_owned(),
                command: String::new(),
                ..before.alert
            };
            self.step(&storm_key, Event::Said(Box::new(over), String::new()))?;
        }
        for key in gathering {
            let unsaid = deliveries::withdraw(self.transaction, &key, self.now)?;
            let known = load(self.transaction, &key)?;
            let desk = Desk { rules: self.rules, now: self.now, maintenance: self.maintenance.as_ref() };
            self.keep(&key, &desk.take(known, Event::Joined(unsaid)))?;
        }
        self.tell_storm()
    }

    /// Brings the incidents in line with what there is after a start: the rules, the channels, and what the books hold.
    fn reconcile(&self, channels: &[String]) -> Result<(), StoreError> {
        let books = self.books()?;
        for (alert, witness) in &books {
            // It was open before there were incidents.
            self.step(&alert.key, Event::Adopted(Box::new(alert.clone()), witness.clone()))?;
        }
        let booked = |key: &AlertKey| books.iter().any(|(alert, _)| alert.key == *key);
        let own = format!("daemon/{}/", self.rules.site);
        for incident in all(self.transaction, "SELECT state FROM incident WHERE phase = 'open'")? {
            let key = &incident.alert.key;
            let gone = match key.0.strip_prefix(&own) {
                Some(rest) => match rest.split_once('/') {
                    Some(("channel" | "heartbeat" | "kept-plugin", name)) => {
                        !channels.iter().any(|known| known == name)
                    }
                    _ => false,
                },
                None if key.0.starts_with("daemon/") => true,
                None => !booked(key),
            };
            if gone {
                let over = Alert {
                    event: AlertEvent::Resolved,
                    details: "It is no longer there to be watched.".to_owned(),
                    remedy: "Nothing to do.".to_owned(),
                    command: String::new(),
                    at: self.now,
                    ..incident.alert.clone()
                };
                self.step(key, Event::Said(Box::new(over), incident.witness.clone()))?;
            } else {
                self.step(key, Event::Reconciled)?;
            }
        }
        Ok(())
    }

    /// Every alert that a witness or a chain holds open, with the witness it is about.
    fn books(&self) -> Result<Vec<(Alert, String)>, StoreError> {
        let mut open = Vec::new();
        let mut statement = self.transaction.prepare("SELECT witness, state FROM watch")?;
        let rows: Vec<(String, String)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (witness, json) in rows {
            let state: Option<WatchState> = from_json(&witness, Some(json))?;
            let alerts = state.iter().flat_map(|state| state.alerts.open());
            open.extend(alerts.map(|alert| (alert.clone(), witness.clone())));
        }
        let mut statement = self.transaction.prepare("SELECT book FROM chain_alerts")?;
        let rows: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for json in rows {
            let book: Option<AlertBook> = from_json("a chain", Some(json))?;
            open.extend(book.iter().flat_map(|book| book.open()).map(|alert| (alert.clone(), String::new())));
        }
        Ok(open)
    }

    fn members(&self) -> Result<Vec<Incident>, StoreError> {
        all(self.transaction, "SELECT state FROM incident WHERE hold = 'storm'")
    }

    /// Says of the storm what is to be said now.
    fn tell_storm(&self) -> Result<(), StoreError> {
        let key = self.storm_key();
        let Some(alert) = storm(&self.rules.site, self.now, &self.members()?) else { return Ok(()) };
        let known = load(self.transaction, &key)?.filter(|known| known.phase == Phase::Open);
        if alert.event == AlertEvent::Resolved {
            self.step(&key, Event::Said(Box::new(alert), String::new()))?;
            self.transaction.execute("DELETE FROM incident WHERE hold = 'storm'", [])?;
            return Ok(());
        }
        let Some(mut known) = known else { return self.step(&key, Event::Said(Box::new(alert), String::new())) };
        let quiet_until = known.said_at.plus(STORM_PAUSE);
        if alert.severity > known.alert.severity || self.now >= quiet_until || self.now < known.said_at {
            return self.step(&key, Event::Said(Box::new(alert), String::new()));
        }
        let alert = Alert { opened_at: known.alert.opened_at, severity: known.alert.severity, ..alert };
        if deliveries::reword(self.transaction, &alert, self.now)? {
            known.alert = alert;
        }
        let due = Taken { incident: Some(known.clone()), dispatches: Vec::new() }.due(self.rules);
        let due = due.map_or(quiet_until, |due| due.min(quiet_until));
        save(self.transaction, &key, &known, Some(due), self.now)
    }

    /// Does what has fallen due; says whether there was anything.
    fn due(&self) -> Result<bool, StoreError> {
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
            self.step(key, Event::Due)?;
        }
        Ok(!due.is_empty())
    }

    /// Ends a maintenance: a digest of all that came, and what is still open one by one.
    fn release(&self, over: &Maintenance) -> Result<(), StoreError> {
        self.transaction.execute("DELETE FROM maintenance", [])?;
        let free = Self { maintenance: None, transaction: self.transaction, rules: self.rules, now: self.now };
        let held = all(self.transaction, "SELECT state FROM incident WHERE hold = 'maintenance'")?;
        if let Some(told) = digest(&self.rules.site, self.now, over, &held) {
            free.say(told, String::new())?;
        }
        for incident in held {
            free.step(&incident.alert.key, Event::Released)?;
        }
        Ok(())
    }

    /// Another maintenance is in the place of the one before: what it does not cover is said.
    fn replaced_by(&self, window: &Maintenance) -> Result<(), StoreError> {
        let held = all(self.transaction, "SELECT state FROM incident WHERE hold = 'maintenance'")?;
        let maintenance = Some(window.clone());
        let now = Self { maintenance, transaction: self.transaction, rules: self.rules, now: self.now };
        for incident in held.iter().filter(|incident| !window.covers(self.now, &incident.witness)) {
            now.step(&incident.alert.key, Event::Released)?;
        }
        Ok(())
    }

    fn acknowledge(&self, which: &Which, by: &str) -> Result<Vec<AlertKey>, StoreError> {
        let open = "SELECT key FROM incident WHERE phase = 'open'";
        let mut wanted = match which {
            Which::All => keys(self.transaction, open, params![])?,
            Which::Key(key) => keys(self.transaction, &format!("{open} AND key = ?1"), params![key.0])?,
            Which::Opened(key, at) => {
                let query = format!("{open} AND key = ?1 AND opened_ms = ?2");
                keys(self.transaction, &query, params![key.0, at.as_millis()])?
            }
        };
        if wanted.contains(&self.storm_key()) {
            let members = keys(self.transaction, &format!("{open} AND hold = 'storm'"), params![])?;
            wanted.extend(members.into_iter().filter(|member| !wanted.contains(member)).collect::<Vec<_>>());
        }
        for key in &wanted {
            self.step(key, Event::Acknowledged(by.to_owned()))?;
        }
        Ok(wanted)
    }
}

fn load(connection: &Connection, key: &AlertKey) -> Result<Option<Incident>, StoreError> {
    let json = connection
        .query_row("SELECT state FROM incident WHERE key = ?1", params![key.0], |row| row.get(0))
        .optional()?;
    Ok(readable(&key.0, json))
}

/// What can be read; the rest is as good as nothing. A state that is stored beside it must not be lost for it, nor a
/// switch that waits for the state.
fn readable<T: serde::de::DeserializeOwned>(what: &str, json: Option<String>) -> Option<T> {
    from_json(what, json).unwrap_or_else(|error| {
        tracing::error!(what, %error, "what is stored of an alert cannot be read, and is left out");
        None
    })
}

fn save(
    connection: &Connection,
    key: &AlertKey,
    incident: &Incident,
    due: Option<Time>,
    now: Time,
) -> Result<(), StoreError> {
    let phase = match incident.phase {
        Phase::Open => "open",
        Phase::Over => "over",
    };
    let hold = match incident.hold {
        Hold::Free => "free",
        Hold::Maintenance => "maintenance",
        Hold::Storm => "storm",
    };
    connection.execute(
        "INSERT INTO incident (key, state, phase, hold, gathers_ms, due_ms, opened_ms, touched_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (key) DO UPDATE SET state = excluded.state, phase = excluded.phase, hold = excluded.hold,
         gathers_ms = excluded.gathers_ms, due_ms = excluded.due_ms, opened_ms = excluded.opened_ms,
         touched_ms = excluded.touched_ms",
        params![
            key.0,
            to_json(&key.0, incident)?,
            phase,
            hold,
            incident.gathers_until.map(Time::as_millis),
            due.map(Time::as_millis),
            incident.alert.opened_at.as_millis(),
            now.as_millis()
        ],
    )?;
    Ok(())
}

fn forget(connection: &Connection, key: &AlertKey) -> Result<(), StoreError> {
    connection.execute("DELETE FROM incident WHERE key = ?1", params![key.0])?;
    Ok(())
}

fn keys(connection: &Connection, query: &str, params: impl rusqlite::Params) -> Result<Vec<AlertKey>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(params, |row| row.get(0).map(AlertKey))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn all(connection: &Connection, query: &str) -> Result<Vec<Incident>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut incidents = Vec::new();
    for json in rows {
        incidents.extend(readable::<Incident>("an incident", Some(json)));
    }
    Ok(incidents)
}

fn maintenance(connection: &Connection) -> Result<Option<Maintenance>, StoreError> {
    let json = connection.query_row("SELECT state FROM maintenance", [], |row| row.get(0)).optional()?;
    Ok(readable("the maintenance", json))
}

impl Store {
    /// Runs something in one transaction at the desk.
    async fn at_desk<T: Send + 'static>(
        &self,
        rules: Arc<Rules>,
        now: Time,
        work: impl FnOnce(&Work<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let latest = Arc::clone(&self.latest);
        self.blocking(move |connection| {
            let now = latest.no_earlier(now);
            let transaction = connection.transaction()?;
            let done = work(&Work::new(&transaction, &rules, now)?)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    /// Does what has fallen due; says whether there was anything.
    pub async fn alerts_due(&self, rules: Arc<Rules>, now: Time) -> Result<bool, StoreError> {
        self.at_desk(rules, now, |work: &Work<'_>| work.due()).await
    }

    /// When something falls due next.
    pub async fn next_alert_due(&self) -> Result<Option<Time>, StoreError> {
        self.blocking(|connection| {
            let due: Option<i64> = connection.query_row("SELECT MIN(due_ms) FROM incident", [], |row| row.get(0))?;
            let until = maintenance(connection)?.map(|window| window.until);
            Ok(due.map(Time::from_millis).into_iter().chain(until).min())
        })
        .await
    }

    /// Somebody takes alerts on; says which were open.
    pub async fn acknowledge(
        &self,
        rules: Arc<Rules>,
        now: Time,
        which: Which,
        by: String,
    ) -> Result<Vec<AlertKey>, StoreError> {
        self.at_desk(rules, now, move |work: &Work<'_>| work.acknowledge(&which, &by)).await
    }

    /// Begins a maintenance, in place of any other; none ends the present one.
    pub async fn maintain(&self, rules: Arc<Rules>, now: Time, window: Option<Maintenance>) -> Result<(), StoreError> {
        self.at_desk(rules, now, move |work: &Work<'_>| match (window, &work.maintenance) {
            (Some(window), _) => {
                let json = to_json("the maintenance", &window)?;
                work.transaction.execute("DELETE FROM maintenance", [])?;
                work.transaction.execute("INSERT INTO maintenance (state) VALUES (?1)", params![json])?;
                work.replaced_by(&window)
            }
            (None, Some(over)) => work.release(over),
            (None, None) => Ok(()),
        })
        .await
    }

    /// An alert that was said past the desk is over.
    pub async fn over_past_desk(&self, rules: Arc<Rules>, now: Time, over: Alert) -> Result<(), StoreError> {
        self.at_desk(rules, now, move |work: &Work<'_>| {
            let opened = Alert { event: AlertEvent::Opened, ..over.clone() };
            work.step(&over.key, Event::Adopted(Box::new(opened), String::new()))?;
            work.say(over, String::new())
        })
        .await
    }

    /// Brings the incidents in line with the rules, the channels and the books, after a start.
    pub async fn reconcile(&self, rules: Arc<Rules>, now: Time, channels: Vec<String>) -> Result<(), StoreError> {
        self.at_desk(rules, now, move |work: &Work<'_>| work.reconcile(&channels)).await
    }

    /// The maintenance that goes on, if any does.
    pub async fn maintenance(&self) -> Result<Option<Maintenance>, StoreError> {
        self.blocking(|connection| maintenance(connection)).await
    }

    /// All incidents that are open, the worst first.
    pub async fn open_incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.blocking(|connection| {
            let mut open = all(connection, "SELECT state FROM incident WHERE phase = 'open'")?;
            open.sort_by_key(|incident| (std::cmp::Reverse(incident.alert.severity), incident.alert.opened_at));
            Ok(open)
        })
        .await
    }
}
