//! The daemon's calls to the alert desk, each as one transaction.

use std::sync::Arc;

use dogwatch_alerts::{AlertKey, AlertReport, Change, Incident, IncidentEvent, Maintenance, Rules};
use dogwatch_chain::Time;
use rusqlite::params;

use crate::store::desk::{Which, Work};
use crate::store::incidents::{all, maintenance};
use crate::store::{Store, StoreError, to_json};

impl Store {
    /// Runs `work` at the desk in one transaction.
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

    /// Does what is due. Returns whether there was anything.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn alerts_due(&self, rules: Arc<Rules>, now: Time) -> Result<bool, StoreError> {
        self.at_desk(rules, now, |work: &Work<'_>| work.due()).await
    }

    /// When something is next due.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn next_alert_due(&self) -> Result<Option<Time>, StoreError> {
        self.blocking(|connection| {
            let due: Option<i64> = connection.query_row("SELECT MIN(due_ms) FROM incident", [], |row| row.get(0))?;
            let until = maintenance(connection)?.map(|window| window.until);
            Ok(due.map(Time::from_millis).into_iter().chain(until).min())
        })
        .await
    }

    /// Acknowledges alerts and returns the keys of those that were open.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn acknowledge(
        &self,
        rules: Arc<Rules>,
        now: Time,
        which: Which,
        by: String,
    ) -> Result<Vec<AlertKey>, StoreError> {
        self.at_desk(rules, now, move |work: &Work<'_>| work.acknowledge(&which, &by)).await
    }

    /// Begins a maintenance, replacing any other; `None` ends the current one.
    ///
    /// # Errors
    ///
    /// If the store fails.
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

    /// Ends an alert that was sent without the desk.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn over_past_desk(&self, rules: Arc<Rules>, now: Time, over: AlertReport) -> Result<(), StoreError> {
        self.at_desk(rules, now, move |work: &Work<'_>| {
            let opened = AlertReport { change: Change::Raised, ..over.clone() };
            work.step(&over.notice.key, IncidentEvent::Adopted(Box::new(opened)))?;
            work.report(over)
        })
        .await
    }

    /// Puts every open incident under the current rules, after a start.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn rules_changed(&self, rules: Arc<Rules>, now: Time) -> Result<(), StoreError> {
        self.at_desk(rules, now, |work: &Work<'_>| work.rules_changed()).await
    }

    /// The maintenance in progress, if there is one.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn maintenance(&self) -> Result<Option<Maintenance>, StoreError> {
        self.blocking(|connection| maintenance(connection)).await
    }

    /// All open incidents, the worst first.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn open_incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.blocking(|connection| {
            let mut open = all(connection, "SELECT state FROM incident WHERE phase = 'open'")?;
            open.sort_by_key(|incident| (std::cmp::Reverse(incident.alert.severity), incident.alert.opened_at));
            Ok(open)
        })
        .await
    }
}
