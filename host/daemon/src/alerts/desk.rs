//! The alert desk of this daemon: every alert comes in here, and the messages about it go to the outbox.

use std::sync::Arc;
use std::time::Duration;

use dogwatch_alerts::{AlertKey, AlertReport, Change, Incident, Maintenance, Rules};
use tokio::sync::Notify;

use crate::alerts::texts::AlertTexts;
use crate::clock::Clock;
use crate::store::{Store, StoreError, Which, Write};

/// The longest sleep, so that a clock change is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The desk; clones share it.
#[derive(Clone, Debug)]
pub struct AlertDesk {
    /// The store, which survives restarts.
    pub store: Store,
    /// The rules: which channels get which alerts.
    pub rules: Arc<Rules>,
    /// Rung when there may be something to deliver or to do.
    pub bell: Arc<Notify>,
    /// The clock.
    pub clock: Clock,
}

impl AlertDesk {
    /// Writes to disk. Reports among the writes are at the desk once this returns.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let told = writes.iter().any(|write| matches!(write, Write::Report(_)));
        self.store.commit(writes, Arc::clone(&self.rules), self.clock.now()).await?;
        if told {
            self.bell.notify_waiters();
        }
        Ok(())
    }

    /// Takes in a report about the daemon itself.
    ///
    /// # Errors
    ///
    /// If it cannot be stored.
    pub async fn report(&self, report: AlertReport) -> Result<(), StoreError> {
        let AlertReport { change, notice, .. } = &report;
        let (site, key, severity, summary) = (&self.rules.site, &notice.key, notice.severity, &notice.summary);
        match change {
            // Only the desk knows whether anything was open.
            Change::Over | Change::Refreshed => tracing::debug!(site, alert = %key, ?change, "{summary}"),
            _ => tracing::warn!(site, chain = key.chain(), witness = "", alert = %key, ?change, %severity, "{summary}"),
        }
        self.commit(vec![Write::Report(Box::new(report))]).await
    }

    /// The texts of alerts about this daemon, as of now.
    pub fn texts(&self) -> AlertTexts<'_> {
        AlertTexts { site: &self.rules.site, now: self.clock.now() }
    }

    /// Acknowledges alerts and returns the keys of those that were open.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn acknowledge(&self, which: Which, by: &str) -> Result<Vec<AlertKey>, StoreError> {
        let now = self.clock.now();
        let keys = self.store.acknowledge(Arc::clone(&self.rules), now, which, by.to_owned()).await?;
        for key in &keys {
            tracing::info!(site = self.rules.site, alert = %key, by, "acknowledged");
        }
        self.bell.notify_waiters();
        Ok(keys)
    }

    /// Begins a maintenance; `None` ends the current one.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn maintain(&self, window: Option<Maintenance>) -> Result<(), StoreError> {
        self.store.maintain(Arc::clone(&self.rules), self.clock.now(), window).await?;
        self.bell.notify_waiters();
        Ok(())
    }

    /// Applies the rules after a start: they or the channels may have changed.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn rules_changed(&self) -> Result<(), StoreError> {
        self.store.rules_changed(Arc::clone(&self.rules), self.clock.now()).await?;
        self.bell.notify_waiters();
        Ok(())
    }

    /// Ends an alert that was sent without the desk.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn over_past(&self, over: AlertReport) -> Result<(), StoreError> {
        self.store.over_past_desk(Arc::clone(&self.rules), self.clock.now(), over).await?;
        self.bell.notify_waiters();
        Ok(())
    }

    /// All open incidents, the worst first.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn open(&self) -> Result<Vec<Incident>, StoreError> {
        self.store.open_incidents().await
    }

    /// Does what falls due: escalations, repetitions, the end of flapping and of maintenance.
    pub async fn run(self) {
        loop {
            let rung = self.bell.notified();
            let now = self.clock.now();
            let wait = match self.step().await {
                Ok(true) => continue,
                Ok(false) => match self.store.next_alert_due().await {
                    Ok(due) => due.map_or(LONGEST_SLEEP, |due| due.since(now)),
                    Err(_) => Duration::from_secs(1),
                },
                Err(error) => {
                    tracing::error!(site = self.rules.site, %error, "the alert desk cannot work");
                    Duration::from_secs(1)
                }
            };
            let _ = tokio::time::timeout(wait.clamp(Duration::from_millis(10), LONGEST_SLEEP), rung).await;
        }
    }

    async fn step(&self) -> Result<bool, StoreError> {
        let done = self.store.alerts_due(Arc::clone(&self.rules), self.clock.now()).await?;
        if done {
            self.bell.notify_waiters();
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use dogwatch_alerts::AlertEvent;

    use super::*;
    use crate::testing::{desk, page};

    /// What the channel got, and after how many seconds: everything is delivered at once.
    async fn delivered(desk: &AlertDesk, since: dogwatch_chain::Time) -> Vec<(u64, AlertEvent)> {
        let mut events = Vec::new();
        while let Some(delivery) = desk.store.next_delivery("pager", desk.clock.now()).await.unwrap() {
            events.push((delivery.alert.at.since(since).as_secs(), delivery.alert.event));
            desk.store.settle(delivery.message, "pager", "delivered", String::new()).await.unwrap();
        }
        events
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_repeated_until_somebody_acknowledges_it() {
        let (desk, _directory) = desk();
        let start = desk.clock.now();
        let running = tokio::spawn(desk.clone().run());
        desk.report(page(start)).await.unwrap();
        for expected in [(0, AlertEvent::Opened), (300, AlertEvent::Updated), (600, AlertEvent::Updated)] {
            assert_eq!(delivered(&desk, start).await, [expected]);
            tokio::time::sleep(Duration::from_secs(301)).await;
        }
        desk.acknowledge(Which::All, "bob").await.unwrap();
        tokio::time::sleep(Duration::from_hours(2)).await;
        let quiet = [(900, AlertEvent::Updated), (903, AlertEvent::Acknowledged)];
        assert_eq!(delivered(&desk, start).await, quiet, "and nothing after it");
        running.abort();
    }
}
