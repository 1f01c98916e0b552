//! Channels.

use std::fmt;
use std::sync::Arc;

use dogwatch_chain::Time;
use dogwatch_engine::Alert;

use crate::error::{Call, Called, CheckError, Fault, PluginError};
use crate::http::{Judgement, Progress, Pulse, Request, Response};
use crate::limits::{Budget, RESPONSE, SENTENCE};
use crate::plugin::{Identity, trim};
use crate::settings::{Description, Settings};
use crate::text::cut;
use crate::world::{CallStore, ChannelAbi, Letter};

mod weigh;

/// What a message carries beside the alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Identity of this one message; a message sent twice carries the same.
    pub message_id: String,
    /// Where this daemon runs.
    pub site: String,
    /// The witness, or empty.
    pub witness: String,
}

/// What a channel is given to work with.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Its settings.
    pub settings: &'a Settings,
    /// The names of the secrets that are configured.
    pub secrets: &'a [String],
    /// What it had remembered last, or empty.
    pub memory: &'a str,
}

/// A heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// What it says.
    pub pulse: Pulse,
    /// Where this daemon runs.
    pub site: String,
    /// When.
    pub at: Time,
}

/// A channel, compiled. Cheap to clone; every call runs in an instance of its own.
#[derive(Clone)]
pub struct ChannelPlugin {
    identity: Identity,
    abi: Arc<dyn ChannelAbi>,
}

impl fmt::Debug for ChannelPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelPlugin").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl ChannelPlugin {
    pub(crate) fn new(identity: Identity, abi: Box<dyn ChannelAbi>) -> Self {
        Self { identity, abi: abi.into() }
    }

    /// The name by which the operator asks for it.
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// The SHA-256 of its file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.identity.sha256
    }

    /// The interface that it exports, with its version.
    pub const fn interface(&self) -> &'static str {
        self.identity.interface
    }

    fn budget(&self) -> Budget {
        self.identity.sandbox.limits().channel
    }

    /// Asks who it is.
    pub fn describe(&self) -> Result<Description, PluginError> {
        let called = self.identity.run(Call::Describe, self.budget(), |store| self.abi.describe(store))?;
        Ok(trim(called.value))
    }

    /// Asks whether the settings, and the names of the secrets that are configured, are right.
    pub fn check(&self, settings: &Settings, secrets: &[String]) -> Result<(), CheckError> {
        let called = self.identity.run(Call::Check, self.budget(), |store| self.abi.check(store, settings, secrets))?;
        self.identity.checked(called.value)
    }

    /// Asks for the requests that deliver an alert. They name no secrets but those that are given.
    pub fn compose(
        &self,
        given: Given<'_>,
        alert: &Alert,
        envelope: &Envelope,
    ) -> Result<Called<Vec<Request>>, PluginError> {
        let letter = Letter { alert, envelope };
        self.requests(Call::Compose, given, |store| self.abi.compose(store, given, letter))
    }

    /// Asks what the answer to the request with that index means.
    pub fn judge(
        &self,
        settings: &Settings,
        alert: &Alert,
        envelope: &Envelope,
        index: usize,
        response: &Response,
    ) -> Result<Called<Judgement>, PluginError> {
        let letter = Letter { alert, envelope };
        let (index, seen) = (place(index), seen(response));
        self.judgement(Call::Judge, |store| self.abi.judge(store, settings, letter, index, &seen))
    }

    /// Asks how to find out what became of a message.
    pub fn follow(
        &self,
        given: Given<'_>,
        alert: &Alert,
        envelope: &Envelope,
        receipt: &str,
    ) -> Result<Option<Request>, PluginError> {
        let letter = Letter { alert, envelope };
        let called = self.requests(Call::Follow, given, |store| {
            let asked = self.abi.follow(store, given, letter, receipt)?;
            Ok(asked.map(|request| request.into_iter().collect()))
        })?;
        Ok(called.value.into_iter().next())
    }

    /// Asks what the answer to that means.
    pub fn judge_follow(
        &self,
        settings: &Settings,
        alert: &Alert,
        envelope: &Envelope,
        receipt: &str,
        response: &Response,
    ) -> Result<Progress, PluginError> {
        let letter = Letter { alert, envelope };
        let seen = seen(response);
        let called = self.identity.run(Call::JudgeFollow, self.budget(), |store| {
            self.abi.judge_follow(store, settings, letter, receipt, &seen)
        })?;
        Ok(weigh::progress(called.value))
    }

    /// Asks for requests that show whether alerts would get through, and wake nobody.
    pub fn self_test(&self, given: Given<'_>) -> Result<Vec<Request>, PluginError> {
        self.requests(Call::SelfTest, given, |store| self.abi.self_test(store, given)).map(|called| called.value)
    }

    /// Asks what the answer to the request of the self-test with that index means.
    pub fn judge_self_test(
        &self,
        settings: &Settings,
        index: usize,
        response: &Response,
    ) -> Result<Judgement, PluginError> {
        let (index, seen) = (place(index), seen(response));
        let judged =
            self.judgement(Call::JudgeSelfTest, |store| self.abi.judge_self_test(store, settings, index, &seen))?;
        Ok(judged.value)
    }

    /// Asks for the requests that carry a heartbeat.
    pub fn beat(&self, given: Given<'_>, beat: &Beat) -> Result<Vec<Request>, PluginError> {
        self.requests(Call::Beat, given, |store| self.abi.beat(store, given, beat)).map(|called| called.value)
    }

    /// Asks what the answer to the request of the heartbeat with that index means.
    pub fn judge_beat(&self, settings: &Settings, index: usize, response: &Response) -> Result<Judgement, PluginError> {
        let (index, seen) = (place(index), seen(response));
        let judged = self.judgement(Call::JudgeBeat, |store| self.abi.judge_beat(store, settings, index, &seen))?;
        Ok(judged.value)
    }

    /// Requests, weighed.
    fn requests(
        &self,
        call: Call,
        given: Given<'_>,
        work: impl FnOnce(&mut CallStore) -> Result<Result<Vec<Request>, String>, wasmtime::Error>,
    ) -> Result<Called<Vec<Request>>, PluginError> {
        let Called { value, fuel } = self.identity.run(call, self.budget(), work)?;
        let requests = value
            .map_err(|refusal| Fault::Refused(cut(&refusal, SENTENCE)))
            .and_then(|requests| weigh::requests(&requests, given.secrets).map(|()| requests))
            .map_err(|fault| self.identity.error(call, fault))?;
        Ok(Called { value: requests, fuel })
    }

    /// A judgement, weighed.
    fn judgement(
        &self,
        call: Call,
        work: impl FnOnce(&mut CallStore) -> Result<Judgement, wasmtime::Error>,
    ) -> Result<Called<Judgement>, PluginError> {
        let Called { value, fuel } = self.identity.run(call, self.budget(), work)?;
        Ok(Called { value: weigh::judgement(value), fuel })
    }
}

fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The answer as far as the channel gets to see it.
fn seen(response: &Response) -> Response {
    let mut seen = response.clone();
    seen.body.truncate(RESPONSE);
    seen
}
