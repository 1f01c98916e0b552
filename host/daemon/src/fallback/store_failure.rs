//! The one alert that cannot go through the store: the store cannot be written.

use std::path::{Path, PathBuf};

use dogwatch_alerts::{Alert, AlertEvent};
use dogwatch_chain::Time;
use tokio::sync::watch;

use crate::alerts::texts::{AlertTexts, Condition};
use crate::channels::attempt::{self, Retry, RetryPolicy};
use crate::channels::client::ChannelClient;
use crate::fallback::journal::Journal;

/// Raises and resolves the alert; clones share it.
#[derive(Clone, Debug)]
pub struct StoreFailureAlert {
    site: String,
    state_dir: PathBuf,
    alert: watch::Sender<Option<Alert>>,
}

impl StoreFailureAlert {
    /// An alert that is not raised yet.
    pub fn new(site: &str, state_dir: &Path) -> Self {
        Self { site: site.to_owned(), state_dir: state_dir.to_owned(), alert: watch::Sender::new(None) }
    }

    /// The alert to deliver, and every change to it.
    pub fn subscribe(&self) -> watch::Receiver<Option<Alert>> {
        self.alert.subscribe()
    }

    /// Raises the alert, unless it is open already.
    pub fn raise(&self, now: Time, why: &str) {
        self.alert.send_if_modified(|current| {
            if current.as_ref().is_some_and(|alert| alert.event == AlertEvent::Opened) {
                return false;
            }
            // If this run does not live to resolve it, the next start does.
            Journal::open(&self.state_dir).told_store();
            *current = Some(AlertTexts { site: &self.site, now }.store(Condition::Fails(why)).message());
            true
        });
    }

    /// Resolves the alert, if it is open.
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

/// Delivers the alert without the outbox, for as long as it can be raised.
pub async fn deliver(client: ChannelClient, mut alerts: watch::Receiver<Option<Alert>>) {
    while alerts.changed().await.is_ok() {
        let Some(alert) = alerts.borrow_and_update().clone() else { continue };
        let (site, channel) = (&client.site, &client.name);
        let on_retry = |retry: &Retry| {
            tracing::warn!(site, channel, why = retry.why, "the alert about the store is not delivered yet");
        };
        // When the alert changes, deliver the newer message.
        let newer = async {
            let _ = alerts.changed().await;
            alerts.mark_changed();
        };
        let _ = attempt::deliver(&client, alert, RetryPolicy::STORE_FAILURE, on_retry, newer).await;
    }
}
