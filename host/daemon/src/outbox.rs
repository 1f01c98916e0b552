//! Delivery: one worker per channel, so that a slow or dead one delays no other and no decision.

use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, Severity};
use dogwatch_plugins::{ChannelPlugin, Envelope, Judgement, Settings};
use rand::Rng as _;
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::egress::Egress;
use crate::store::{Delivery, Store, StoreError};

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The first wait after a refusal that a service calls final; it doubles from try to try.
const REFUSED_WAIT: Duration = Duration::from_mins(1);

/// The longest wait after such a refusal.
const LONGEST_REFUSED_WAIT: Duration = Duration::from_mins(15);

/// How long what must not be lost is offered to a service that refuses it: time to put a new token in.
const INSIST_FOR: Duration = Duration::from_hours(24);

/// One channel's worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The operator's name for the channel.
    pub name: String,
    /// Where this daemon runs.
    pub site: String,
    /// The plugin, or why there is none; replaced when its file is.
    pub plugin: watch::Receiver<Result<ChannelPlugin, String>>,
    /// Its settings.
    pub settings: Settings,
    /// The way out.
    pub egress: Egress,
    /// Where the messages are.
    pub store: Store,
    /// Rung when there may be new ones.
    pub bell: Arc<Notify>,
    /// The time.
    pub clock: Clock,
}

/// How one try ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Delivered(String),
    Again(Duration, String),
    Never(String),
}

impl Worker {
    /// Delivers until it is dropped.
    pub async fn run(self) {
        loop {
            let rung = self.bell.notified();
            match self.step().await {
                Ok(Step::Again) => {}
                Ok(Step::WaitUntil(due)) => {
                    let wait = due.map_or(LONGEST_WAIT, |due| due.since(self.clock.now()));
                    let _ = tokio::time::timeout(wait.min(LONGEST_WAIT), rung).await;
                }
                Err(error) => {
                    let (site, channel) = (&self.site, &self.name);
                    tracing::error!(site, chain = "", witness = "", channel, %error, "the outbox cannot be read");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn step(&self) -> Result<Step, StoreError> {
        let Some(delivery) = self.store.next_delivery(&self.name, self.clock.now()).await? else {
            return Ok(Step::WaitUntil(self.store.next_due(&self.name).await?));
        };
        let Delivery { message, alert, witness, .. } = &delivery;
        let (message_id, site, channel) = (*message, &self.site, &self.name);
        let (chain, key) = (&alert.chain, &alert.key);
        match self.deliver(&delivery).await {
            Outcome::Delivered(receipt) => {
                tracing::info!(site, chain, witness, channel, message_id, alert = %key, "alert delivered");
                self.store.settle(message_id, &self.name, "delivered", receipt).await?;
            }
            Outcome::Again(wait, why) => {
                tracing::warn!(site, chain, witness, channel, message_id, alert = %key, why, wait_ms = wait.as_millis(), "alert not delivered yet");
                self.store.postpone(message_id, &self.name, self.clock.now().plus(wait), why).await?;
            }
            Outcome::Never(why) => {
                tracing::error!(site, chain, witness, channel, message_id, alert = %key, why, "alert cannot be delivered by this channel");
                self.store.settle(message_id, &self.name, "failed", why).await?;
            }
        }
        Ok(Step::Again)
    }

    /// Tries once.
    pub(crate) async fn deliver(&self, delivery: &Delivery) -> Outcome {
        let plugin = match self.plugin.borrow().clone() {
            Ok(plugin) => plugin,
            // The operator may drop the right file in: keep the message.
            Err(why) => return Outcome::Again(LONGEST_WAIT, why),
        };
        let envelope = Envelope {
            message_id: format!("{}-{}", self.site, delivery.message),
            site: self.site.clone(),
            witness: delivery.witness.clone(),
        };
        let names = self.egress.secret_names();
        let requests = match plugin.compose(&self.settings, &names, &delivery.alert, &envelope) {
            Ok(called) => called.value,
            Err(error) => return self.retry(delivery, &error.to_string()),
        };
        let mut receipt = String::new();
        for (index, request) in requests.iter().enumerate() {
            let response = match self.egress.send(request).await {
                Ok(response) => response,
                Err(error) if error.is_transient() => return self.retry(delivery, &error.to_string()),
                Err(error) => return self.refused(delivery, &error.to_string()),
            };
            let judged = plugin.judge(&self.settings, &delivery.alert, &envelope, index, &response);
            match judged.map(|called| called.value) {
                Ok(Judgement::Delivered) => {}
                Ok(Judgement::Accepted(text)) => receipt = self.egress.scrub(&text),
                Ok(Judgement::RetryAfter(wait)) => {
                    return Outcome::Again(wait, format!("the service asks to wait {} s", wait.as_secs()));
                }
                Ok(Judgement::Transient(why)) => return self.retry(delivery, &why),
                Ok(Judgement::Permanent(why)) => return self.refused(delivery, &why),
                Err(error) => return self.retry(delivery, &error.to_string()),
            }
        }
        Outcome::Delivered(receipt)
    }

    /// Waits longer after each try, with jitter so that several sites do not hammer a service in step.
    fn retry(&self, delivery: &Delivery, why: &str) -> Outcome {
        let step = Duration::from_secs(1).saturating_mul(2u32.saturating_pow(delivery.attempts.min(6)));
        let jitter = rand::rng().random_range(0.5..1.0);
        Outcome::Again(step.min(LONGEST_WAIT).mul_f64(jitter), self.egress.scrub(why))
    }

    /// A final refusal. Whoever must be woken is not given up for it: a token may have been rotated, a proxy may have
    /// answered in the service's place.
    fn refused(&self, delivery: &Delivery, why: &str) -> Outcome {
        let Delivery { message: message_id, alert, witness, attempts } = delivery;
        let why = self.egress.scrub(why);
        let Some(wait) = insist(alert, *attempts, self.clock.now()) else { return Outcome::Never(why) };
        let (site, channel, chain, key) = (&self.site, &self.name, &alert.chain, &alert.key);
        tracing::error!(site, chain, witness, channel, message_id, alert = %key, why, wait_ms = wait.as_millis(), "this channel refuses an urgent alert; it will be tried again");
        Outcome::Again(wait, why)
    }
}

/// How long to wait before an alert is offered again to a channel that refused it, unless it is given up.
fn insist(alert: &Alert, attempts: u32, now: Time) -> Option<Duration> {
    if alert.severity < Severity::Critical || now.since(alert.at) >= INSIST_FOR {
        return None;
    }
    Some(REFUSED_WAIT.saturating_mul(2_u32.saturating_pow(attempts)).min(LONGEST_REFUSED_WAIT))
}

#[derive(Debug)]
enum Step {
    Again,
    WaitUntil(Option<Time>),
}

#[cfg(test)]
mod tests {
    use dogwatch_engine::{AlertEvent, AlertKey, Subject};

    use super::*;

    fn alert(severity: Severity, at: Time) -> Alert {
        Alert {
            key: AlertKey("devnet/alice/missing".into()),
            event: AlertEvent::Opened,
            severity,
            subject: Subject::Daemon,
            chain: "devnet".into(),
            summary: String::new(),
            details: String::new(),
            remedy: String::new(),
            opened_at: at,
            at,
        }
    }

    #[test]
    fn what_is_urgent_is_not_given_up_for_a_day() {
        let at = Time::from_secs(1_000_000);
        for severity in [Severity::Critical, Severity::Page] {
            let minutes = |attempts, now| insist(&alert(severity, at), attempts, now).map(|wait| wait.as_secs() / 60);
            let waits: Vec<_> = [0, 1, 2, 3, 4, 5, u32::MAX].map(|attempts| minutes(attempts, at)).into();
            assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15].map(Some));
            let day = Duration::from_hours(24);
            assert_eq!(minutes(99, at.plus(day.saturating_sub(Duration::from_secs(1)))), Some(15));
            assert_eq!(minutes(99, at.plus(day)), None);
        }
        for severity in [Severity::Info, Severity::Warning] {
            assert_eq!(insist(&alert(severity, at), 0, at), None);
        }
    }
}
