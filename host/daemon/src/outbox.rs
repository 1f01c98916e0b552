//! Delivery: one worker per channel, so that a slow or dead one delays no other and no decision.

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, Severity};
use dogwatch_plugins::{FollowUp, Progress, Reached};
use rand::Rng as _;

use crate::courier::{Courier, Outcome};
use crate::desk::AlertDesk;
use crate::store::{Delivery, StoreError, Which};

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The first wait after a refusal that a service calls final; it doubles from try to try.
const REFUSED_WAIT: Duration = Duration::from_mins(1);

/// The longest wait after such a refusal.
const LONGEST_REFUSED_WAIT: Duration = Duration::from_mins(15);

/// How long what must not be lost is offered to a service that refuses it: time to put a new token in.
const INSIST_FOR: Duration = Duration::from_hours(24);

/// How long a service may take to say whether one try reached anybody.
const WAIT_FOR_FATE: Duration = Duration::from_mins(15);

/// The wait after a question about a message could not be asked.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// How long a message is asked for: services keep receipts for about so long.
const ASK_FOR: Duration = Duration::from_hours(24);

/// One channel's worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The channel.
    pub courier: Courier,
    /// Where the messages are, and acknowledgements go.
    pub desk: AlertDesk,
}

impl Worker {
    /// Delivers until it is dropped.
    pub async fn run(self) {
        loop {
            let rung = self.desk.bell.notified();
            match self.step().await {
                Ok(Step::Again) => {}
                Ok(Step::WaitUntil(due)) => {
                    let wait = due.map_or(LONGEST_WAIT, |due| due.since(self.now()));
                    let _ = tokio::time::timeout(wait.min(LONGEST_WAIT), rung).await;
                }
                Err(error) => {
                    let (site, channel) = (&self.courier.site, &self.courier.name);
                    tracing::error!(site, chain = "", witness = "", channel, %error, "the outbox cannot be read");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    fn now(&self) -> Time {
        self.desk.clock.now()
    }

    async fn step(&self) -> Result<Step, StoreError> {
        let (store, channel) = (&self.desk.store, &self.courier.name);
        if let Some(delivery) = store.next_delivery(channel, self.now()).await? {
            if delivery.receipt.is_empty() {
                self.deliver(&delivery).await?;
            } else {
                self.ask_for(&delivery).await?;
            }
            return Ok(Step::Again);
        }
        if let Some(delivery) = store.next_followed(channel, self.now()).await? {
            self.look_after(&delivery).await?;
            return Ok(Step::Again);
        }
        Ok(Step::WaitUntil(store.next_due(channel).await?))
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let memory = self.desk.store.memory(&self.courier.name).await?;
        match self.courier.deliver(&memory, delivery).await {
            Outcome::Delivered(receipt) => self.delivered(delivery, receipt).await,
            Outcome::Follow(following) => self.follow(delivery, following).await,
            Outcome::Remember(memory) => {
                self.desk.store.remember(&self.courier.name, memory).await?;
                // At once, but not for ever: each try counts.
                let wait = if delivery.attempts == 0 { Duration::ZERO } else { backoff(delivery.attempts) };
                self.again(delivery, wait, "the service wants it sent elsewhere".to_owned()).await
            }
            Outcome::Wait(wait, why) => {
                self.desk.store.rest(&self.courier.name, self.now(), self.now().plus(wait)).await?;
                self.again(delivery, wait, why).await
            }
            Outcome::Failed(why) => self.again(delivery, backoff(delivery.attempts), why).await,
            // The operator may drop the right file in: keep the message.
            Outcome::NoPlugin(why) => self.again(delivery, LONGEST_WAIT, why).await,
            Outcome::Refused(why) => self.refused(delivery, why).await,
        }
    }

    async fn delivered(&self, delivery: &Delivery, receipt: String) -> Result<(), StoreError> {
        let (site, channel) = (&self.courier.site, &self.courier.name);
        let Delivery { message: message_id, alert, witness, .. } = delivery;
        let (chain, key) = (&alert.chain, &alert.key);
        tracing::info!(site, chain, witness, channel, message_id, alert = %key, "alert delivered");
        self.desk.store.settle(*message_id, channel, "delivered", receipt).await
    }

    async fn follow(&self, delivery: &Delivery, following: FollowUp) -> Result<(), StoreError> {
        let at = self.now().plus(following.after);
        let delivered = following.reached == Reached::Yes;
        if delivered {
            self.delivered(delivery, String::new()).await?;
        }
        self.desk.store.follow(delivery.message, &self.courier.name, following.receipt, at, delivered).await
    }

    async fn again(&self, delivery: &Delivery, wait: Duration, why: String) -> Result<(), StoreError> {
        let (site, channel) = (&self.courier.site, &self.courier.name);
        let Delivery { message: message_id, alert, witness, .. } = delivery;
        let (chain, key, wait_ms) = (&alert.chain, &alert.key, wait.as_millis());
        tracing::warn!(site, chain, witness, channel, message_id, alert = %key, why, wait_ms, "alert not delivered yet");
        self.desk.store.postpone(*message_id, channel, self.now(), self.now().plus(wait), why).await
    }

    /// A final refusal. Whoever must be woken is not given up for it: a token may have been rotated, a proxy may have
    /// answered in the service's place. What comes later about the same alert does not wait for it.
    async fn refused(&self, delivery: &Delivery, why: String) -> Result<(), StoreError> {
        let (site, channel) = (&self.courier.site, &self.courier.name);
        let Delivery { message: message_id, alert, witness, attempts, .. } = delivery;
        let (chain, key) = (&alert.chain, &alert.key);
        let superseded = self.desk.store.has_younger(*message_id, channel, key).await?;
        match insist(alert, *attempts, self.now()).filter(|_| !superseded) {
            Some(wait) => {
                tracing::error!(site, chain, witness, channel, message_id, alert = %key, why, wait_ms = wait.as_millis(), "this channel refuses an urgent alert; it will be tried again");
                self.desk.store.postpone(*message_id, channel, self.now(), self.now().plus(wait), why).await
            }
            None => {
                tracing::error!(site, chain, witness, channel, message_id, alert = %key, why, "alert cannot be delivered by this channel");
                self.desk.store.settle(*message_id, channel, "failed", why).await
            }
        }
    }

    /// Asks what became of a message that does not count as delivered yet.
    async fn ask_for(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let (store, channel, message) = (&self.desk.store, &self.courier.name, delivery.message);
        match self.courier.ask(delivery).await {
            // A service that never makes up its mind has not reached anybody.
            Ok(Progress::Waiting(_)) if self.now().since(delivery.alert.at) >= patience(delivery.attempts) => {
                let why = "the service does not say whether it reached anybody".to_owned();
                store.send_again(message, channel, self.now(), why).await
            }
            Ok(Progress::Waiting(wait)) => {
                store.follow(message, channel, delivery.receipt.clone(), self.now().plus(wait), false).await
            }
            Ok(Progress::Over) => self.delivered(delivery, String::new()).await,
            Ok(Progress::Acknowledged(by)) => {
                self.delivered(delivery, String::new()).await?;
                self.acknowledge(delivery, &by).await
            }
            Ok(Progress::Unreached(why)) => {
                let (site, key) = (&self.courier.site, &delivery.alert.key);
                tracing::warn!(site, channel, alert = %key, why, "the alert reached nobody; it is sent again");
                let at = self.now().plus(backoff(delivery.attempts));
                store.send_again(message, channel, at, why).await
            }
            Ok(Progress::Permanent(why)) => {
                store.send_again(message, channel, self.now(), why.clone()).await?;
                self.refused(delivery, why).await
            }
            Err(why) if self.now().since(delivery.alert.at) < patience(delivery.attempts) => {
                tracing::warn!(site = self.courier.site, channel, why, "what became of an alert cannot be asked");
                store.follow(message, channel, delivery.receipt.clone(), self.now().plus(ASK_AGAIN), false).await
            }
            // What cannot be found out has reached nobody.
            Err(why) => store.send_again(message, channel, self.now().plus(backoff(delivery.attempts)), why).await,
        }
    }

    /// Asks whether somebody has taken on what counts as delivered already.
    async fn look_after(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let (store, channel) = (&self.desk.store, &self.courier.name);
        let next = match self.courier.ask(delivery).await {
            Ok(Progress::Waiting(wait)) => Some(wait),
            Ok(Progress::Acknowledged(by)) => {
                self.acknowledge(delivery, &by).await?;
                None
            }
            Ok(Progress::Over | Progress::Unreached(_) | Progress::Permanent(_)) => None,
            Err(why) => {
                tracing::warn!(site = self.courier.site, channel, why, "an acknowledgement cannot be asked for");
                Some(ASK_AGAIN)
            }
        };
        let next = next.filter(|_| self.now().since(delivery.alert.at) < ASK_FOR);
        store.followed(delivery.message, channel, next.map(|wait| self.now().plus(wait))).await
    }

    async fn acknowledge(&self, delivery: &Delivery, by: &str) -> Result<(), StoreError> {
        let by = if by.is_empty() { self.courier.name.clone() } else { format!("{by} ({})", self.courier.name) };
        let which = Which::Opened(delivery.alert.key.clone(), delivery.alert.opened_at);
        self.desk.acknowledge(which, &by).await.map(drop)
    }
}

/// How long a service may take to say whether a message reached anybody, for all tries together.
fn patience(attempts: u32) -> Duration {
    WAIT_FOR_FATE.saturating_mul(attempts.saturating_add(1))
}

/// Longer after each try, with jitter so that several sites do not hammer a service in step.
pub(crate) fn backoff(attempts: u32) -> Duration {
    let step = Duration::from_secs(1).saturating_mul(2u32.saturating_pow(attempts.min(6)));
    step.min(LONGEST_WAIT).mul_f64(rand::rng().random_range(0.5..1.0))
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
            command: String::new(),
            acknowledged_by: String::new(),
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
