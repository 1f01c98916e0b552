//! The one alert that cannot go through the store: that the store cannot be written.

use std::path::{Path, PathBuf};

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, AlertEvent};
use tokio::sync::watch;

use crate::boot::Journal;
use crate::courier::{Courier, Outcome};
use crate::outbox::backoff;
use crate::store::Delivery;
use crate::words::{Trouble, Words};

/// Raises the alert and calls it off; clones share it.
#[derive(Clone, Debug)]
pub struct Emergency {
    site: String,
    state_dir: PathBuf,
    alert: watch::Sender<Option<Alert>>,
}

impl Emergency {
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
            *current = Some(Words { site: &self.site, now }.store(Trouble::Is(why)));
            true
        });
    }

    /// Calls it off.
    pub fn over(&self, now: Time) {
        self.alert.send_if_modified(|current| match current {
            Some(alert) if alert.event == AlertEvent::Opened => {
                Journal::open(&self.state_dir).take_told_store();
                let over = Words { site: &self.site, now }.store(Trouble::Over);
                *alert = Alert { opened_at: alert.opened_at, ..over };
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
        let mut memory = String::new();
        loop {
            let (wait, why) = match courier.deliver(&memory, &delivery).await {
                Outcome::Delivered(_) | Outcome::Follow(_) => break,
                Outcome::Wait(wait, why) => (wait, why),
                // A token may be put right: nothing else can be said.
                Outcome::Failed(why) | Outcome::NoPlugin(why) | Outcome::Refused(why) => {
                    (backoff(delivery.attempts), why)
                }
                Outcome::Remember(learned) => {
                    memory = learned;
                    (backoff(delivery.attempts), "the service wants it sent elsewhere".to_owned())
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
