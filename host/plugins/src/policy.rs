//! Policies.

pub(crate) mod trial;
mod validate;

use std::fmt;
use std::sync::Arc;

use dogwatch_engine::{Decision, Situation};

use crate::abi::migration::Migration;
use crate::abi::policy::PolicyAbi;
use crate::description::Description;
use crate::error::call::{Fault, PluginError, PluginFunction};
use crate::error::check::CheckError;
use crate::handle::{PluginHandle, sanitized};
use crate::limits::Limits;
use crate::metered::Metered;
use crate::settings::Settings;

/// A compiled policy. Cheap to clone; every call runs in a fresh instance.
#[derive(Clone)]
pub struct PolicyPlugin {
    handle: Arc<PluginHandle>,
    abi: Arc<dyn PolicyAbi>,
    migration: Option<Arc<Migration>>,
}

impl fmt::Debug for PolicyPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyPlugin").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl PolicyPlugin {
    pub(crate) fn new(handle: PluginHandle, abi: Box<dyn PolicyAbi>, migration: Option<Migration>) -> Self {
        Self { handle: Arc::new(handle), abi: abi.into(), migration: migration.map(Arc::new) }
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

    fn limits(&self) -> &Limits {
        self.handle.sandbox.limits()
    }

    /// Asks the policy to describe itself.
    ///
    /// # Errors
    ///
    /// The call fails.
    pub fn describe(&self) -> Result<Description, PluginError> {
        let budget = self.limits().channel;
        let described = self.handle.run(PluginFunction::Describe, budget, |store| self.abi.describe(store))?;
        Ok(sanitized(described.value))
    }

    /// Asks the policy to check settings.
    ///
    /// # Errors
    ///
    /// The policy does not accept the settings, or the call fails.
    pub fn check(&self, settings: &Settings) -> Result<(), CheckError> {
        let budget = self.limits().policy;
        let checked = self.handle.run(PluginFunction::Check, budget, |store| self.abi.check(store, settings))?;
        self.handle.checked(checked.value)
    }

    /// Makes and drops the instance that a call would run in: the minimum cost of a call.
    ///
    /// # Errors
    ///
    /// The plugin cannot be instantiated.
    pub fn instantiate(&self) -> Result<(), PluginError> {
        let budget = self.limits().policy;
        self.handle.run(PluginFunction::Decide, budget, |store| self.abi.instantiate(store)).map(drop)
    }

    /// What this file begins with where an older file of the policy kept `memory`: what it makes of that, or nothing, if it takes
    /// nothing over.
    ///
    /// # Errors
    ///
    /// The call fails, the policy has no use for the memory, or what it makes of it is too large.
    pub fn migrate(&self, memory: &[u8]) -> Result<Vec<u8>, PluginError> {
        let Some(migration) = &self.migration else { return Ok(Vec::new()) };
        let limits = self.limits();
        let called =
            self.handle.run(PluginFunction::Migrate, limits.policy, |store| migration.migrate(store, memory))?;
        called
            .value
            .map_err(Fault::Refused)
            .and_then(|memory| validate::memory(memory, limits.policy_memory))
            .map_err(|fault| self.handle.error(PluginFunction::Migrate, fault))
    }

    /// Asks for a decision. `memory` is what the last decision asked to keep, and empty at first.
    ///
    /// Blocks for up to the time in its budget: on an async runtime, call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// The call fails, the policy refuses it, or its decision is invalid.
    pub fn decide(
        &self,
        settings: &Settings,
        situation: &Situation,
        memory: &[u8],
    ) -> Result<Metered<Decision>, PluginError> {
        let limits = self.limits();
        let Metered { value, fuel, memory } = self.handle.run(PluginFunction::Decide, limits.policy, |store| {
            store.data_mut().now_millis = u64::try_from(situation.now.as_millis()).unwrap_or_default();
            self.abi.decide(store, settings, situation, memory)
        })?;
        let decision = value
            .map_err(Fault::Refused)
            .and_then(|decision| validate::decision(decision, situation, limits.policy_memory))
            .map_err(|fault| self.handle.error(PluginFunction::Decide, fault))?;
        Ok(Metered { value: decision, fuel, memory })
    }
}
