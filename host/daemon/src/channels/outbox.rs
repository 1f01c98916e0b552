//! Delivery: one worker per channel, so that a slow or dead channel delays no other channel and no decision.

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_plugins::{FollowUp, Progress, Reached};

use crate::alerts::desk::AlertDesk;
use crate::channels::attempt::{FailureKind, LONGEST_WAIT, Next, Rests, Retry, RetryPolicy, Superseded, backoff};
use crate::channels::client::{ChannelClient, Outcome};
use crate::store::{Delivery, StoreError, Which};

/// How long a service may take to say whether one attempt reached anyone.
const WAIT_FOR_FATE: Duration = Duration::from_mins(15);

/// The wait after a service could not be asked about a message.
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// How long to keep asking about a message: services keep receipts for about this long.
const ASK_FOR: Duration = Duration::from_hours(24);

/// One channel's worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The channel.
    pub client: ChannelClient,
    /// The desk that holds the messages and takes acknowledgements.
    pub desk: AlertDesk,
}

impl Worker {
    /// Delivers until it is dropped.
    pub async fn run(self) {
        loop {
            let rung = self.desk.bell.notified();
            match self.step().await {
                Ok(WorkerStep::Again) => {}
                Ok(WorkerStep::WaitUntil(due)) => {
                    let wait = due.map_or(LONGEST_WAIT, |due| due.since(self.now()));
                    let _ = tokio::time::timeout(wait.min(LONGEST_WAIT), rung).await;
                }
                Err(error) => {
                    let (site, channel) = (&self.client.site, &self.client.name);
                    tracing::error!(site, chain = "", witness = "", channel, %error, "the outbox cannot be read");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    fn now(&self) -> Time {
        self.desk.clock.now()
    }

    async fn step(&self) -> Result<WorkerStep, StoreError> {
        let (store, channel) = (&self.desk.store, &self.client.name);
        if let Some(delivery) = store.next_delivery(channel, self.now()).await? {
            if delivery.receipt.is_empty() {
                self.deliver(&delivery).await?;
            } else {
                self.ask_for(&delivery).await?;
            }
            return Ok(WorkerStep::Again);
        }
        if let Some(delivery) = store.next_followed(channel, self.now()).await? {
            self.look_after(&delivery).await?;
            return Ok(WorkerStep::Again);
        }
        Ok(WorkerStep::WaitUntil(store.next_due(channel).await?))
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let memory = self.desk.store.memory(&self.client.name).await?;
        let outcome = self.client.deliver(&memory, delivery).await;
        self.after(delivery, outcome).await
    }

    /// Does what follows an attempt.
    async fn after(&self, delivery: &Delivery, outcome: Outcome) -> Result<(), StoreError> {
        let (store, channel) = (&self.desk.store, &self.client.name);
        // Later messages about the same alert do not wait for one that a service refuses.
        let superseded = match &outcome {
            Outcome::Refused(_) if store.has_younger(delivery.message, channel, &delivery.alert.key).await? => {
                Superseded::Yes
            }
            _ => Superseded::No,
        };
        match RetryPolicy::outbox(&delivery.alert, self.now(), superseded).next(outcome, delivery.attempts) {
            Next::Delivered(receipt) => self.delivered(delivery, receipt).await,
            Next::Follow(following) => self.follow(delivery, following).await,
            Next::Retry(retry) => {
                if let Some(memory) = &retry.memory {
                    store.remember(channel, memory.clone()).await?;
                }
                if retry.rests == Rests::Channel {
                    store.rest(channel, self.now(), self.now().plus(retry.after)).await?;
                }
                self.postpone(delivery, retry).await
            }
            Next::GiveUp(why) => {
                let site = &self.client.site;
                let Delivery { message: message_id, alert, .. } = delivery;
                let key = &alert.key;
                let (chain, witness) = (key.chain(), key.witness());
                tracing::error!(site, chain, witness, channel, message_id, alert = %key, why, "alert cannot be delivered by this channel");
                store.settle(*message_id, channel, "failed", why).await
            }
        }
    }

    async fn delivered(&self, delivery: &Delivery, receipt: String) -> Result<(), StoreError> {
        let (site, channel) = (&self.client.site, &self.client.name);
        let Delivery { message: message_id, alert, .. } = delivery;
        let key = &alert.key;
        let (chain, witness) = (key.chain(), key.witness());
        tracing::info!(site, chain, witness, channel, message_id, alert = %key, "alert delivered");
        self.desk.store.settle(*message_id, channel, "delivered", receipt).await
    }

    async fn follow(&self, delivery: &Delivery, following: FollowUp) -> Result<(), StoreError> {
        let at = self.now().plus(following.after);
        let delivered = following.reached == Reached::Yes;
        if delivered {
            self.delivered(delivery, String::new()).await?;
        }
        self.desk.store.follow(delivery.message, &self.client.name, following.receipt, at, delivered).await
    }

    async fn postpone(&self, delivery: &Delivery, retry: Retry) -> Result<(), StoreError> {
        let (site, channel) = (&self.client.site, &self.client.name);
        let Delivery { message: message_id, alert, .. } = delivery;
        let Retry { after, why, failure, .. } = retry;
        let (key, wait_ms) = (&alert.key, after.as_millis());
        let (chain, witness) = (key.chain(), key.witness());
        if failure == FailureKind::Final {
            tracing::error!(site, chain, witness, channel, message_id, alert = %key, why, wait_ms, "this channel refuses an urgent alert; will try again");
        } else {
            tracing::warn!(site, chain, witness, channel, message_id, alert = %key, why, wait_ms, "alert not delivered yet");
        }
        self.desk.store.postpone(*message_id, channel, self.now(), self.now().plus(after), why).await
    }

    /// Asks what became of a message that does not count as delivered yet.
    async fn ask_for(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let (store, channel, message) = (&self.desk.store, &self.client.name, delivery.message);
        match self.client.ask(delivery).await {
            // A service that never gives an answer has reached nobody.
            Ok(Progress::Waiting(_)) if self.now().since(delivery.alert.at) >= patience(delivery.attempts) => {
                let why = "the service does not say whether it reached anyone".to_owned();
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
                let (site, key) = (&self.client.site, &delivery.alert.key);
                tracing::warn!(site, channel, alert = %key, why, "the alert reached nobody; sending it again");
                let at = self.now().plus(backoff(delivery.attempts));
                store.send_again(message, channel, at, why).await
            }
            Ok(Progress::Permanent(why)) => {
                store.send_again(message, channel, self.now(), why.clone()).await?;
                self.after(delivery, Outcome::Refused(why)).await
            }
            Err(fault) if self.now().since(delivery.alert.at) < patience(delivery.attempts) => {
                tracing::warn!(site = self.client.site, channel, %fault, "cannot ask the service what became of an alert");
                store.follow(message, channel, delivery.receipt.clone(), self.now().plus(ASK_AGAIN), false).await
            }
            // If the service cannot be asked, assume that it reached nobody.
            Err(fault) => {
                let at = self.now().plus(backoff(delivery.attempts));
                store.send_again(message, channel, at, fault.to_string()).await
            }
        }
    }

    /// Asks whether someone has acknowledged a message that counts as delivered already.
    async fn look_after(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let (store, channel) = (&self.desk.store, &self.client.name);
        let next = match self.client.ask(delivery).await {
            Ok(Progress::Waiting(wait)) => Some(wait),
            Ok(Progress::Acknowledged(by)) => {
                self.acknowledge(delivery, &by).await?;
                None
            }
            Ok(Progress::Over | Progress::Unreached(_) | Progress::Permanent(_)) => None,
            Err(fault) => {
                tracing::warn!(site = self.client.site, channel, %fault, "cannot ask the service for an acknowledgement");
                Some(ASK_AGAIN)
            }
        };
        let next = next.filter(|_| self.now().since(delivery.alert.at) < ASK_FOR);
        store.followed(delivery.message, channel, next.map(|wait| self.now().plus(wait))).await
    }

    async fn acknowledge(&self, delivery: &Delivery, by: &str) -> Result<(), StoreError> {
        let by = if by.is_empty() { self.client.name.clone() } else { format!("{by} ({})", self.client.name) };
        let which = Which::Opened(delivery.alert.key.clone(), delivery.alert.opened_at);
        self.desk.acknowledge(which, &by).await.map(drop)
    }
}

/// How long a service may take to say whether a message reached anyone, over all attempts.
fn patience(attempts: u32) -> Duration {
    WAIT_FOR_FATE.saturating_mul(attempts.saturating_add(1))
}

#[derive(Debug)]
enum WorkerStep {
    Again,
    WaitUntil(Option<Time>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{broken_channel, desk, page};

    #[tokio::test(start_paused = true)]
    async fn a_channel_without_a_plugin_is_tried_every_minute_and_loses_nothing() {
        let (desk, _directory) = desk();
        let worker = Worker { client: broken_channel("pager"), desk: desk.clone() };
        let running = tokio::spawn(worker.run());
        desk.report(page(desk.clock.now())).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10 * 60 + 30)).await;
        running.abort();
        let waiting = desk.store.next_delivery("pager", desk.clock.now().plus(LONGEST_WAIT)).await.unwrap().unwrap();
        assert_eq!(waiting.attempts, 11, "at once, and after each of ten minutes");
        assert_eq!(desk.store.outbox_counts().await.unwrap().pending, 1);
    }
}
