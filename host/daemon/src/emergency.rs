//! The one alert that cannot go through the store: that the store cannot be written.

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, AlertEvent, AlertKey, Severity, Subject};
use tokio::sync::watch;

use crate::courier::{Courier, Outcome};
use crate::outbox::backoff;
use crate::store::Delivery;

/// Raises the alert and calls it off; clones share it.
#[derive(Clone, Debug)]
pub struct Emergency {
    site: String,
    alert: watch::Sender<Option<Alert>>,
}

impl Emergency {
    /// Nothing is wrong yet.
    pub fn new(site: &str) -> Self {
        Self { site: site.to_owned(), alert: watch::Sender::new(None) }
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
            *current = Some(Alert {
                key: AlertKey(format!("daemon/{}/store", self.site)),
                event: AlertEvent::Opened,
                severity: Severity::Page,
                subject: Subject::Daemon,
                chain: String::new(),
                summary: format!("Dogwatch at {} cannot store its state: it will not switch", self.site),
                details: format!("{why}. Nothing is sent that is not on disk first. Other alerts wait in memory."),
                remedy: "Look at the disk of the state directory. Until then switch with a wallet.".to_owned(),
                command: "df -h".to_owned(),
                acknowledged_by: String::new(),
                opened_at: now,
                at: now,
            });
            true
        });
    }

    /// Calls it off.
    pub fn over(&self, now: Time) {
        self.alert.send_if_modified(|current| match current {
            Some(alert) if alert.event == AlertEvent::Opened => {
                alert.event = AlertEvent::Resolved;
                alert.summary = format!("resolved: {}", alert.summary);
                alert.details = "The state is on disk, and the alerts that waited are on their way.".to_owned();
                alert.at = now;
                true
            }
            _ => false,
        });
    }
}

/// Delivers emergencies past the outbox, for as long as there can be any.
pub async fn deliver(courier: Courier, mut alerts: watch::Receiver<Option<Alert>>) {
    while alerts.changed().await.is_ok() {
        let Some(alert) = alerts.borrow_and_update().clone() else { continue };
        let mut delivery = Delivery::past_the_store(alert);
        loop {
            let (wait, why) = match courier.deliver("", &delivery).await {
                Outcome::Delivered(_) | Outcome::Follow(_) | Outcome::Refused(_) => break,
                Outcome::Wait(wait, why) => (wait, why),
                Outcome::Failed(why) | Outcome::NoPlugin(why) | Outcome::Remember(why) => {
                    (backoff(delivery.attempts), why)
                }
            };
            tracing::warn!(site = courier.site, channel = courier.name, why, "an emergency is not delivered yet");
            delivery.attempts = delivery.attempts.saturating_add(1);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                // Something newer is to be said.
                _ = alerts.changed() => { alerts.mark_changed(); break }
            }
        }
    }
}
