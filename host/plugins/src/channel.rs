//! Channels.

use std::fmt;
use std::sync::Arc;

use dogwatch_engine::Alert;

use crate::error::{Call, Called, CheckError, Fault, PluginError};
use crate::http::{Judgement, Request, Response};
use crate::limits::{Budget, RESPONSE, SENTENCE};
use crate::plugin::{Identity, trim};
use crate::settings::{Description, Settings};
use crate::text::cut;
use crate::world::{ChannelAbi, Letter};

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

    /// Asks for the requests that deliver an alert. `secrets` are the names of those that are configured: requests name
    /// no others.
    pub fn compose(
        &self,
        settings: &Settings,
        secrets: &[String],
        alert: &Alert,
        envelope: &Envelope,
    ) -> Result<Called<Vec<Request>>, PluginError> {
        let letter = Letter { alert, envelope };
        let Called { value, fuel } = self
            .identity
            .run(Call::Compose, self.budget(), |store| self.abi.compose(store, settings, secrets, letter))?;
        let requests = value
            .map_err(|refusal| Fault::Refused(cut(&refusal, SENTENCE)))
            .and_then(|requests| weigh::requests(&requests, secrets).map(|()| requests))
            .map_err(|fault| self.identity.error(Call::Compose, fault))?;
        Ok(Called { value: requests, fuel })
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
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let mut seen = response.clone();
        seen.body.truncate(RESPONSE);
        let called = self
            .identity
            .run(Call::Judge, self.budget(), |store| self.abi.judge(store, settings, letter, index, &seen))?;
        Ok(Called { value: weigh::judgement(called.value), fuel: called.fuel })
    }
}
