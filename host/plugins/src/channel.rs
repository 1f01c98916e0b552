//! Channels.

mod clamp;
mod validate;

use std::fmt;
use std::sync::Arc;

use crate::abi::call::{CallStore, PluginAnswer};
use crate::abi::channel::ChannelAbi;
use crate::delivery::heartbeat::HeartbeatMessage;
use crate::delivery::message::{AlertMessage, ChannelContext};
use crate::delivery::request::ChannelRequest;
use crate::delivery::response::{ChannelResponse, Judgement, Progress};
use crate::description::Description;
use crate::error::call::{Fault, PluginError, PluginFunction};
use crate::error::check::CheckError;
use crate::handle::{PluginHandle, sanitized};
use crate::limits::{CallBudget, RESPONSE};
use crate::metered::Metered;
use crate::settings::Settings;

/// A compiled channel. Cheap to clone; every call runs in a fresh instance.
#[derive(Clone)]
pub struct ChannelPlugin {
    handle: Arc<PluginHandle>,
    abi: Arc<dyn ChannelAbi>,
}

impl fmt::Debug for ChannelPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelPlugin").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl ChannelPlugin {
    pub(crate) fn new(handle: PluginHandle, abi: Box<dyn ChannelAbi>) -> Self {
        Self { handle: Arc::new(handle), abi: abi.into() }
    }

    /// The operator's name for it.
    pub fn name(&self) -> &str {
        &self.handle.name
    }

    /// The SHA-256 of its file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.handle.sha256
    }

    /// The interface that it exports, with its version.
    pub fn interface(&self) -> &'static str {
        self.handle.interface
    }

    /// The interfaces of WASI that it imports: they are there and do nothing.
    pub fn stand_ins(&self) -> &[String] {
        &self.handle.stand_ins
    }

    fn budget(&self) -> CallBudget {
        self.handle.sandbox.limits().channel
    }

    /// Asks the channel to describe itself.
    ///
    /// # Errors
    ///
    /// The call fails.
    pub fn describe(&self) -> Result<Description, PluginError> {
        let described = self.handle.run(PluginFunction::Describe, self.budget(), |store| self.abi.describe(store))?;
        Ok(sanitized(described.value))
    }

    /// Asks the channel to check settings and the names of the configured secrets.
    ///
    /// # Errors
    ///
    /// The channel does not accept them, or the call fails.
    pub fn check(&self, settings: &Settings, secrets: &[String]) -> Result<(), CheckError> {
        let check = |store: &mut CallStore| self.abi.check(store, settings, secrets);
        let checked = self.handle.run(PluginFunction::Check, self.budget(), check)?;
        self.handle.checked(checked.value)
    }

    /// Asks for the requests that deliver a message. They name only secrets that the context lists.
    ///
    /// # Errors
    ///
    /// The call fails, the channel refuses it, or a request is invalid.
    pub fn compose(
        &self,
        context: ChannelContext<'_>,
        message: AlertMessage<'_>,
    ) -> Result<Metered<Vec<ChannelRequest>>, PluginError> {
        self.requests(PluginFunction::Compose, context, |store| {
            store.data_mut().now_millis = u64::try_from(message.alert.at.as_millis()).unwrap_or_default();
            self.abi.compose(store, context, message)
        })
    }

    /// Asks what the response to the request at this index means.
    ///
    /// # Errors
    ///
    /// The call fails.
    pub fn judge(
        &self,
        settings: &Settings,
        message: AlertMessage<'_>,
        index: usize,
        response: &ChannelResponse,
    ) -> Result<Metered<Judgement>, PluginError> {
        let (index, response) = (index_to(index), visible(response));
        self.judgement(PluginFunction::Judge, |store| self.abi.judge(store, settings, message, index, &response))
    }

    /// Asks for the request that finds out what became of a message; none where the service cannot be asked.
    ///
    /// # Errors
    ///
    /// The call fails, the channel refuses it, or the request is invalid.
    pub fn follow(
        &self,
        context: ChannelContext<'_>,
        message: AlertMessage<'_>,
        receipt: &str,
    ) -> Result<Option<ChannelRequest>, PluginError> {
        let requests = self.requests(PluginFunction::Follow, context, |store| {
            let followed = self.abi.follow(store, context, message, receipt)?;
            Ok(followed.map(|request| request.into_iter().collect()))
        })?;
        Ok(requests.value.into_iter().next())
    }

    /// Asks what the response to that request means.
    ///
    /// # Errors
    ///
    /// The call fails.
    pub fn judge_follow(
        &self,
        settings: &Settings,
        message: AlertMessage<'_>,
        receipt: &str,
        response: &ChannelResponse,
    ) -> Result<Progress, PluginError> {
        let response = visible(response);
        let judged = self.handle.run(PluginFunction::JudgeFollow, self.budget(), |store| {
            self.abi.judge_follow(store, settings, message, receipt, &response)
        })?;
        Ok(clamp::progress(judged.value))
    }

    /// Asks for requests that show whether alerts would get through, without waking anybody; none where the service has
    /// no such test.
    ///
    /// # Errors
    ///
    /// The call fails, the channel refuses it, or a request is invalid.
    pub fn self_test(&self, context: ChannelContext<'_>) -> Result<Vec<ChannelRequest>, PluginError> {
        let self_test = |store: &mut CallStore| self.abi.self_test(store, context);
        self.requests(PluginFunction::SelfTest, context, self_test).map(|requests| requests.value)
    }

    /// Asks what the response to the self-test's request at this index means.
    ///
    /// # Errors
    ///
    /// The call fails.
    pub fn judge_self_test(
        &self,
        settings: &Settings,
        index: usize,
        response: &ChannelResponse,
    ) -> Result<Judgement, PluginError> {
        let (index, response) = (index_to(index), visible(response));
        let judge = |store: &mut CallStore| self.abi.judge_self_test(store, settings, index, &response);
        self.judgement(PluginFunction::JudgeSelfTest, judge).map(|judged| judged.value)
    }

    /// Asks for the requests that carry a heartbeat; none where this status means nothing to the service.
    ///
    /// # Errors
    ///
    /// The call fails, the channel refuses it, or a request is invalid.
    pub fn heartbeat(
        &self,
        context: ChannelContext<'_>,
        heartbeat: &HeartbeatMessage,
    ) -> Result<Vec<ChannelRequest>, PluginError> {
        let compose = |store: &mut CallStore| self.abi.heartbeat(store, context, heartbeat);
        self.requests(PluginFunction::Heartbeat, context, compose).map(|requests| requests.value)
    }

    /// Asks what the response to the heartbeat's request at this index means.
    ///
    /// # Errors
    ///
    /// The call fails.
    pub fn judge_heartbeat(
        &self,
        settings: &Settings,
        index: usize,
        response: &ChannelResponse,
    ) -> Result<Judgement, PluginError> {
        let (index, response) = (index_to(index), visible(response));
        let judge = |store: &mut CallStore| self.abi.judge_heartbeat(store, settings, index, &response);
        self.judgement(PluginFunction::JudgeHeartbeat, judge).map(|judged| judged.value)
    }

    /// Calls a function that composes requests, and validates them.
    fn requests(
        &self,
        function: PluginFunction,
        context: ChannelContext<'_>,
        compose: impl FnOnce(&mut CallStore) -> PluginAnswer<Vec<ChannelRequest>>,
    ) -> Result<Metered<Vec<ChannelRequest>>, PluginError> {
        let Metered { value, fuel, memory } = self.handle.run(function, self.budget(), compose)?;
        let requests = value
            .map_err(Fault::Refused)
            .and_then(|requests| validate::requests(&requests, context.secrets).map(|()| requests))
            .map_err(|fault| self.handle.error(function, fault))?;
        Ok(Metered { value: requests, fuel, memory })
    }

    /// Calls a function that judges a response, and clamps the judgement.
    fn judgement(
        &self,
        function: PluginFunction,
        judge: impl FnOnce(&mut CallStore) -> Result<Judgement, wasmtime::Error>,
    ) -> Result<Metered<Judgement>, PluginError> {
        let Metered { value, fuel, memory } = self.handle.run(function, self.budget(), judge)?;
        Ok(Metered { value: clamp::judgement(value), fuel, memory })
    }
}

fn index_to(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The response as far as the channel sees it.
fn visible(response: &ChannelResponse) -> ChannelResponse {
    let mut visible = response.clone();
    visible.body.truncate(RESPONSE);
    visible
}
