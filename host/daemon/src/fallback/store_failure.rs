//! The one alert that cannot go through the store: that the store cannot be written.

use std::path::{Path, PathBuf};

use dogwatch_alerts::{Alert, AlertEvent};
use dogwatch_chain::Time;
use tokio::sync::watch;

use crate::alerts::texts::{AlertTexts, Condition};
use crate::channels::attempt::{self, Retry, RetryPolicy};
use crate::channels::client::ChannelClient;
use crate::fallback::journal::Journal;

/// Raises the alert and calls it off; clones share it.
#[derive(Clone, Debug)]
pub struct StoreFailureAlert {
    site: String,
    state_dir: PathBuf,
    alert: watch::Sender<Option<Alert>>,
}

impl StoreFailureAlert {
    /// Nothing is wrong yet.
    pub fn new(site: &str, state_dir: &Path) -> Self {
        Self { site: site.to_owned(), state_dir: state_dir.to_owned(), alert: watch::Sender::new(None) }
    }

    /// What there is to deliver, and every change of it.
    pub fn subscribe(&self) -> watch::Receiver<Option<Alert>> {
        self.alert.subscribe()
    }

    /// Says that the store cannot be written, unless that is being said.
    pub fn raise(&self, now: Time, why: &str) {
        self.alert.send_if_modified(|current| {
            if current.as_ref().is_some_and(|alert| alert.event == AlertEvent::Opened) {
                return false;
            }
            // The next start is to call it off, if this one does not live to.
            Journal::open(&self.state_dir).told_store();
            *current = Some(AlertTexts { site: &self.site, now }.store(Condition::Fails(why)).message());
            true
        });
    }

    /// Calls it off.
    pub fn over(&self, now: Time) {
        self.alert.send_if_modified(|current| match current {
            Some(alert) if alert.event == AlertEvent::Opened => {
                Journal::open(&self.state_dir).take_told_store();
                let over = AlertTexts { site: &self.site, now }.store(Condition::Holds).message();
                *alert = Alert { opened_at: alert.opened_at, ..over };
                true
            }
            _ => false,
        });
    }
}

/// Delivers the alert past the outbox, for as long as there can be one.
pub async fn deliver(client: ChannelClient, mut alerts: watch::Receiver<Option<Alert>>) {
    while alerts.changed().await.is_ok() {
        let Some(alert) = alerts.borrow_and_update().clone() else { continue };
        let (site, channel) = (&client.site, &client.name);
        let on_retry = |retry: &Retry| {
            tracing::warn!(site, channel, why = retry.why, "the alert that nothing can be stored is not delivered yet");
        };
        let newer = async {
            let _ = alerts.changed().await;
            alerts.mark_changed();
        };
        let _ = attempt::deliver(&client, alert, RetryPolicy::STORE_FAILURE, on_retry, newer).await;
    }
}
