//! One channel, ready to be used: its plugin, its settings and its way out.

use std::time::Duration;

use dogwatch_plugins::{
    AlertMessage, ChannelContext, ChannelPlugin, ChannelRequest, ChannelResponse, FollowUp, HeartbeatMessage,
    Judgement, MessageMetadata, PluginError, Progress, Roles, Settings,
};
use tokio::sync::watch;

use crate::channels::egress::{Egress, EgressError};
use crate::channels::plugin::ChannelFault;
use crate::store::Delivery;

/// A channel's plugin, or why there is none; replaced when its file is.
pub type PluginSlot = watch::Receiver<Result<ChannelPlugin, ChannelFault>>;

/// A channel, ready to be used.
#[derive(Clone, Debug)]
pub struct ChannelClient {
    /// The operator's name for the channel.
    pub name: String,
    /// Where this daemon runs.
    pub site: String,
    /// The plugin.
    pub plugin: PluginSlot,
    /// Its settings.
    pub settings: Settings,
    /// The way out.
    pub egress: Egress,
}

/// How one try ended. No text in it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service has it; what it says of it.
    Delivered(String),
    /// The service took it, and is to be asked what became of it.
    Follow(FollowUp),
    /// To be tried again at once, with this in the channel's memory.
    Remember(String),
    /// The service asks to wait.
    Wait(Duration, String),
    /// It failed, and may work later.
    Failed(String),
    /// It failed, and will until somebody changes something.
    Refused(String),
    /// There is no plugin. One may be dropped in.
    NoPlugin(String),
}

impl Outcome {
    /// Whether the message got through, where that is known, and why.
    pub fn described(self) -> (Option<bool>, String) {
        match self {
            Self::Delivered(_) => (Some(true), "delivered".to_owned()),
            Self::Follow(_) => (Some(true), "taken by the service; whether it reaches a human shows later".to_owned()),
            Self::Remember(_) => (None, "the service wants it sent elsewhere; test once more".to_owned()),
            Self::Wait(_, why) | Self::Failed(why) | Self::Refused(why) | Self::NoPlugin(why) => (Some(false), why),
        }
    }
}

/// How a self-test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tested {
    /// Alerts would get through.
    Passed,
    /// The service has no test that wakes nobody.
    Untestable,
    /// They would not.
    Failed(String),
}

impl Tested {
    /// Whether alerts would get through, where that can be known, and why.
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

    /// What it is good for. One that does not say is taken to tell humans of alerts.
    pub fn roles(&self) -> Roles {
        let otherwise = Roles { alerts: true, heartbeats: false };
        let described = self.plugin().ok().and_then(|plugin| plugin.describe().ok());
        described.map_or(otherwise, |description| description.roles)
    }

    fn metadata(&self, delivery: &Delivery) -> MessageMetadata {
        MessageMetadata { message_id: format!("{}-{}", self.site, delivery.message), site: self.site.clone() }
    }

    /// Tries to deliver a message once.
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

    /// Asks what became of a message.
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

    /// Finds out whether alerts would get through, and wakes nobody.
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

    /// Sends requests one after the other, for as long as the answers are good.
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
                Ok(Judgement::Follow(following)) => outcome = Outcome::Follow(following),
                Ok(Judgement::Remember(memory)) => return Outcome::Remember(memory),
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

/// Runs a plugin call, which may take its thread for a while, without holding up the decision loops.
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
