//! One channel, ready for use: its plugin, its settings and its way out of the machine.

use std::time::Duration;

use dogwatch_plugins::{
    AlertMessage, ChannelContext, ChannelPlugin, ChannelRequest, ChannelResponse, FollowUp, HeartbeatMessage,
    Judgement, MessageMetadata, PluginError, Progress, Roles, Settings,
};
use tokio::sync::watch;

use crate::channels::egress::{Egress, EgressError};
use crate::channels::plugin::ChannelFault;
use crate::store::Delivery;

/// A channel's plugin, or why it has none. Replaced when its file changes.
pub type PluginSlot = watch::Receiver<Result<ChannelPlugin, ChannelFault>>;

/// A channel, ready for use.
#[derive(Clone, Debug)]
pub struct ChannelClient {
    /// The operator's name for the channel.
    pub name: String,
    /// The site where this daemon runs.
    pub site: String,
    /// The plugin.
    pub plugin: PluginSlot,
    /// The plugin's settings.
    pub settings: Settings,
    /// The way out of the machine.
    pub egress: Egress,
}

/// How one attempt ended. No text in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service has it. Holds what the service calls it.
    Delivered(String),
    /// The service took it. Ask it later what became of the message.
    Follow(FollowUp),
    /// Try again at once, with this in the channel's memory.
    Remember(String),
    /// The service asks to wait.
    Wait(Duration, String),
    /// It failed, but may work later.
    Failed(String),
    /// It failed, and will fail until someone changes something.
    Refused(String),
    /// The channel has no working plugin. The operator may add one.
    NoPlugin(String),
}

impl Outcome {
    /// Whether the message got through, if that is known, and a note.
    pub fn described(self) -> (Option<bool>, String) {
        match self {
            Self::Delivered(_) => (Some(true), "delivered".to_owned()),
            Self::Follow(_) => (Some(true), "accepted; the service says later whether it reached anyone".to_owned()),
            Self::Remember(_) => (None, "the service wants it sent elsewhere; run the test again".to_owned()),
            Self::Wait(_, why) | Self::Failed(why) | Self::Refused(why) | Self::NoPlugin(why) => (Some(false), why),
        }
    }
}

/// How a self-test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tested {
    /// Alerts would get through.
    Passed,
    /// The service offers no test that wakes nobody.
    Untestable,
    /// Alerts would not get through.
    Failed(String),
}

impl Tested {
    /// Whether alerts would get through, if that can be known, and a note.
    pub fn described(self) -> (Option<bool>, String) {
        match self {
            Self::Passed => (Some(true), "works".to_owned()),
            Self::Untestable => (None, "has no test that wakes nobody".to_owned()),
            Self::Failed(why) => (Some(false), why),
        }
    }
}

impl ChannelClient {
    fn plugin(&self) -> Result<ChannelPlugin, ChannelFault> {
        self.plugin.borrow().clone()
    }

    /// What the channel is for. One whose plugin cannot say counts as a channel for alerts.
    pub fn roles(&self) -> Roles {
        let otherwise = Roles { alerts: true, heartbeats: false };
        let described = self.plugin().ok().and_then(|plugin| plugin.describe().ok());
        described.map_or(otherwise, |description| description.roles)
    }

    fn metadata(&self, delivery: &Delivery) -> MessageMetadata {
        MessageMetadata { message_id: format!("{}-{}", self.site, delivery.message), site: self.site.clone() }
    }

    /// Attempts once to deliver a message.
    pub async fn deliver(&self, memory: &str, delivery: &Delivery) -> Outcome {
        let plugin = match self.plugin() {
            Ok(plugin) => plugin,
            Err(fault) => return Outcome::NoPlugin(fault.to_string()),
        };
        let (metadata, secrets) = (self.metadata(delivery), self.egress.secret_names());
        let message = AlertMessage { alert: &delivery.alert, metadata: &metadata };
        let context = ChannelContext { settings: &self.settings, secrets: &secrets, memory };
        let requests = match blocking(|| plugin.compose(context, message)) {
            Ok(called) => called.value,
            Err(error) => return Outcome::Failed(self.egress.scrub(&error.to_string())),
        };
        self.run(&requests, |index, response| {
            let judged = plugin.judge(&self.settings, message, index, response);
            judged.map(|called| called.value)
        })
        .await
    }

    /// Asks the service what became of a message.
    ///
    /// # Errors
    ///
    /// Why it could not ask.
    pub async fn ask(&self, delivery: &Delivery) -> Result<Progress, ChannelFault> {
        let plugin = self.plugin()?;
        let (metadata, secrets) = (self.metadata(delivery), self.egress.secret_names());
        let message = AlertMessage { alert: &delivery.alert, metadata: &metadata };
        let context = ChannelContext { settings: &self.settings, secrets: &secrets, memory: "" };
        let failed = |error: &dyn std::fmt::Display| ChannelFault::new(self.egress.scrub(&error.to_string()));
        let asked = blocking(|| plugin.follow(context, message, &delivery.receipt));
        let Some(request) = asked.map_err(|error| failed(&error))? else { return Ok(Progress::Over) };
        let response = self.egress.send(&request).await.map_err(|error| failed(&error))?;
        let judged = blocking(|| plugin.judge_follow(&self.settings, message, &delivery.receipt, &response));
        Ok(match judged.map_err(|error| failed(&error))? {
            Progress::Unreached(why) => Progress::Unreached(self.egress.scrub(&why)),
            Progress::Permanent(why) => Progress::Permanent(self.egress.scrub(&why)),
            Progress::Acknowledged(by) => Progress::Acknowledged(self.egress.scrub(&by)),
            other => other,
        })
    }

    /// Tests whether alerts would get through, without waking anyone.
    pub async fn self_test(&self, memory: &str) -> Tested {
        let plugin = match self.plugin() {
            Ok(plugin) => plugin,
            Err(fault) => return Tested::Failed(fault.to_string()),
        };
        let secrets = self.egress.secret_names();
        let context = ChannelContext { settings: &self.settings, secrets: &secrets, memory };
        let requests = match blocking(|| plugin.self_test(context)) {
            Ok(requests) if requests.is_empty() => return Tested::Untestable,
            Ok(requests) => requests,
            Err(error) => return Tested::Failed(self.egress.scrub(&error.to_string())),
        };
        let judge = |index, response: &ChannelResponse| plugin.judge_self_test(&self.settings, index, response);
        tested(self.run(&requests, judge).await)
    }

    /// Sends a heartbeat.
    pub async fn heartbeat(&self, heartbeat: &HeartbeatMessage) -> Tested {
        let plugin = match self.plugin() {
            Ok(plugin) => plugin,
            Err(fault) => return Tested::Failed(fault.to_string()),
        };
        let secrets = self.egress.secret_names();
        let context = ChannelContext { settings: &self.settings, secrets: &secrets, memory: "" };
        let requests = match blocking(|| plugin.heartbeat(context, heartbeat)) {
            Ok(requests) => requests,
            Err(error) => return Tested::Failed(self.egress.scrub(&error.to_string())),
        };
        let judge = |index, response: &ChannelResponse| plugin.judge_heartbeat(&self.settings, index, response);
        tested(self.run(&requests, judge).await)
    }

    /// Sends requests one after the other until one fails.
    async fn run(
        &self,
        requests: &[ChannelRequest],
        judge: impl Fn(usize, &ChannelResponse) -> Result<Judgement, PluginError>,
    ) -> Outcome {
        let mut outcome = Outcome::Delivered(String::new());
        for (index, request) in requests.iter().enumerate() {
            let response = match self.egress.send(request).await {
                Ok(response) => response,
                Err(error) => return unsent(&error),
            };
            let scrub = |why: &str| self.egress.scrub(why);
            match blocking(|| judge(index, &response)) {
                Ok(Judgement::Delivered) => {}
                Ok(Judgement::Accepted(text)) => outcome = Outcome::Delivered(scrub(&text)),
                // What a service echoes must not get into the store.
                Ok(Judgement::Follow(following)) => {
                    outcome = Outcome::Follow(FollowUp { receipt: scrub(&following.receipt), ..following });
                }
                Ok(Judgement::Remember(memory)) => return Outcome::Remember(scrub(&memory)),
                Ok(Judgement::RetryAfter(wait)) => {
                    return Outcome::Wait(wait, format!("the service asks to wait {} s", wait.as_secs_f32().ceil()));
                }
                Ok(Judgement::Transient(why)) => return Outcome::Failed(scrub(&why)),
                Ok(Judgement::Permanent(why)) => return Outcome::Refused(scrub(&why)),
                Err(error) => return Outcome::Failed(scrub(&error.to_string())),
            }
        }
        outcome
    }
}

/// Runs a plugin call, which may block its thread for a while, without holding up the decision loops.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

fn unsent(error: &EgressError) -> Outcome {
    if error.is_transient() { Outcome::Failed(error.to_string()) } else { Outcome::Refused(error.to_string()) }
}

fn tested(outcome: Outcome) -> Tested {
    match outcome {
        Outcome::Delivered(_) | Outcome::Follow(_) | Outcome::Remember(_) => Tested::Passed,
        Outcome::Wait(_, why) | Outcome::Failed(why) | Outcome::Refused(why) | Outcome::NoPlugin(why) => {
            Tested::Failed(why)
        }
    }
}
