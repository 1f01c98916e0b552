//! Policies.

use std::fmt;
use std::sync::Arc;

use dogwatch_engine::{Action, Decision, NodeIndex, Situation};

use crate::error::{Call, Called, CheckError, Fault, PluginError};
use crate::limits::{ALERTS, Limits, NAME, SENTENCE};
use crate::plugin::{Identity, trim};
use crate::settings::{Description, Settings};
use crate::text::cut;
use crate::world::PolicyAbi;

/// A policy, compiled. Cheap to clone; every call runs in an instance of its own.
#[derive(Clone)]
pub struct PolicyPlugin {
    identity: Identity,
    abi: Arc<dyn PolicyAbi>,
}

impl fmt::Debug for PolicyPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyPlugin").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl PolicyPlugin {
    pub(crate) fn new(identity: Identity, abi: Box<dyn PolicyAbi>) -> Self {
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

    fn limits(&self) -> &Limits {
        self.identity.sandbox.limits()
    }

    /// Asks who it is.
    pub fn describe(&self) -> Result<Description, PluginError> {
        let called = self.identity.run(Call::Describe, self.limits().channel, |store| self.abi.describe(store))?;
        Ok(trim(called.value))
    }

    /// Asks whether the settings are right.
    pub fn check(&self, settings: &Settings) -> Result<(), CheckError> {
        let called = self.identity.run(Call::Check, self.limits().policy, |store| self.abi.check(store, settings))?;
        self.identity.checked(called.value)
    }

    /// Makes the instance that a call would run in, and drops it: the floor under the cost of every call.
    pub fn instantiate(&self) -> Result<(), PluginError> {
        self.identity.run(Call::Decide, self.limits().policy, |store| self.abi.instantiate(store)).map(drop)
    }

    /// Asks for a decision. `memory` is that of the last one, empty at first.
    ///
    /// Blocks for up to the time in its budget: on a runtime, call it where blocking is allowed.
    pub fn decide(
        &self,
        settings: &Settings,
        situation: &Situation,
        memory: &[u8],
    ) -> Result<Called<Decision>, PluginError> {
        let Called { value, fuel } = self
            .identity
            .run(Call::Decide, self.limits().policy, |store| self.abi.decide(store, settings, situation, memory))?;
        let decision = value
            .map_err(|refusal| Fault::Refused(cut(&refusal, SENTENCE)))
            .and_then(|decision| self.weigh(decision, situation))
            .map_err(|fault| self.identity.error(Call::Decide, fault))?;
        Ok(Called { value: decision, fuel })
    }

    /// Refuses what makes no sense, and shortens what is merely long.
    fn weigh(&self, mut decision: Decision, situation: &Situation) -> Result<Decision, Fault> {
        let nodes = situation.nodes.len();
        if let Action::SwitchTo(NodeIndex(index)) = decision.action
            && index >= nodes
        {
            return Err(Fault::BadAnswer(format!(
                "it switches to node {index}, and there are {nodes} nodes, from 0 on"
            )));
        }
        let limit = self.limits().policy_memory;
        if decision.memory.len() > limit {
            let size = decision.memory.len();
            return Err(Fault::AnswerTooLarge(format!("a memory of {size} bytes, and it may have {limit}")));
        }
        if decision.alerts.len() > ALERTS {
            let alerts = decision.alerts.len();
            return Err(Fault::AnswerTooLarge(format!("{alerts} alerts, and it may raise {ALERTS} at a time")));
        }
        decision.reason = cut(&decision.reason, SENTENCE);
        for alert in &mut decision.alerts {
            if alert.id.is_empty() {
                return Err(Fault::BadAnswer("an alert has no id".to_owned()));
            }
            alert.id = cut(&alert.id, NAME);
            alert.summary = cut(&alert.summary, SENTENCE);
        }
        Ok(decision)
    }
}
