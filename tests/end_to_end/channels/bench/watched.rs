//! A client whose every output is searched for secrets.

use std::fmt::Debug;

use dogwatch::channels::client::{ChannelClient, Outcome, Tested};
use dogwatch::channels::plugin::ChannelFault;
use dogwatch::store::Delivery;
use dogwatch_alerts::AlertEvent;
use dogwatch_chain::Time;
use dogwatch_plugins::{FollowUp, HeartbeatMessage, HeartbeatStatus, Progress};

use super::{OPENED_AT, SITE, assert_safe, message};

/// The client, and the secrets that it must keep.
pub(crate) struct Watched {
    client: ChannelClient,
    secrets: Vec<String>,
}

impl Watched {
    pub(super) fn new(client: ChannelClient, secrets: Vec<String>) -> Self {
        assert_safe(&secrets, &format!("{client:?}"));
        Self { client, secrets }
    }

    /// Attempts to deliver a message, with an empty memory.
    pub(crate) async fn send(&self, delivery: &Delivery) -> Outcome {
        self.send_knowing("", delivery).await
    }

    /// The same, with this channel memory.
    pub(crate) async fn send_knowing(&self, memory: &str, delivery: &Delivery) -> Outcome {
        self.heard(self.client.deliver(memory, delivery).await)
    }

    /// Delivers a message; fails the test unless the service accepts it.
    pub(crate) async fn deliver(&self, delivery: &Delivery) {
        let outcome = self.send(delivery).await;
        assert!(matches!(outcome, Outcome::Delivered(_) | Outcome::Follow(_)), "{outcome:?}");
    }

    /// Delivers a message whose fate the service can be asked about.
    pub(crate) async fn follow(&self, delivery: &Delivery) -> FollowUp {
        match self.send(delivery).await {
            Outcome::Follow(following) => following,
            other => unreachable!("nothing to follow: {other:?}"),
        }
    }

    /// Asks what became of a message.
    pub(crate) async fn ask(&self, delivery: &Delivery, receipt: &str) -> Result<Progress, ChannelFault> {
        let delivery = Delivery { receipt: receipt.to_owned(), ..delivery.clone() };
        self.heard(self.client.ask(&delivery).await)
    }

    /// Asks until the service knows.
    pub(crate) async fn end(&self, delivery: &Delivery, receipt: &str) -> Progress {
        for _ in 0..10 {
            match self.ask(delivery, receipt).await {
                Ok(Progress::Waiting(_)) => {}
                Ok(progress) => return progress,
                Err(why) => unreachable!("it could not be asked: {why}"),
            }
        }
        unreachable!("it is too early for ever");
    }

    pub(crate) async fn self_test(&self) -> Tested {
        self.self_test_knowing("").await
    }

    pub(crate) async fn self_test_knowing(&self, memory: &str) -> Tested {
        self.heard(self.client.self_test(memory).await)
    }

    pub(crate) async fn beat(&self, status: HeartbeatStatus) -> Tested {
        let heartbeat = HeartbeatMessage { status, site: SITE.to_owned(), at: Time::from_millis(OPENED_AT) };
        self.heard(self.client.heartbeat(&heartbeat).await)
    }

    /// Does everything that a client can do, whatever the outcome.
    pub(crate) async fn try_everything(&self) {
        for event in [AlertEvent::Opened, AlertEvent::Resolved] {
            self.send(&message(event)).await;
        }
        for receipt in ["CA1", "SM1"] {
            let _ = self.ask(&message(AlertEvent::Opened), receipt).await;
        }
        self.self_test().await;
        for status in [
            HeartbeatStatus::Started,
            HeartbeatStatus::Healthy,
            HeartbeatStatus::Failing("no endpoint answers".to_owned()),
        ] {
            self.beat(status).await;
        }
        self.heard(&self.client);
    }

    fn heard<T: Debug>(&self, said: T) -> T {
        assert_safe(&self.secrets, &format!("{said:?}"));
        said
    }
}
