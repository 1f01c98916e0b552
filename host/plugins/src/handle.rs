//! What policies and channels have in common: a name, a sandbox, and calls on a budget.

use std::sync::Arc;

use wasmtime::Error;

use crate::abi::call::CallStore;
use crate::description::{Description, SettingDoc};
use crate::error::call::{Fault, PluginError, PluginFunction};
use crate::error::check::CheckError;
use crate::limits::{CallBudget, LIST, NAME, SENTENCE};
use crate::metered::Metered;
use crate::sandbox::pool::Lane;
use crate::sandbox::{Sandbox, trap};
use crate::settings::SettingProblem;
use crate::text::sanitize;

/// A plugin's identity, and the sandbox that it runs in.
#[derive(Clone, Debug)]
pub(crate) struct PluginHandle {
    /// The operator's name for it.
    pub(crate) name: String,
    /// The SHA-256 of its file, in hexadecimal.
    pub(crate) sha256: String,
    /// The interface that it exports.
    pub(crate) interface: &'static str,
    /// The interfaces of WASI that it imports, and that do nothing.
    pub(crate) stand_ins: Arc<[String]>,
    pub(crate) sandbox: Sandbox,
}

impl PluginHandle {
    pub(crate) fn error(&self, function: PluginFunction, fault: Fault) -> PluginError {
        PluginError { plugin: self.name.clone(), function, fault, said: None }
    }

    /// Calls the plugin once, in a fresh store.
    pub(crate) fn run<T>(
        &self,
        function: PluginFunction,
        budget: CallBudget,
        body: impl FnOnce(&mut CallStore) -> Result<T, Error>,
    ) -> Result<Metered<T>, PluginError> {
        // Declared first, so that it ends after the store.
        let _turn = self.sandbox.turn(Lane::of(function));
        let mut store = self.sandbox.store(budget).map_err(|fault| self.error(function, fault))?;
        let value = body(&mut store).map_err(|error| PluginError {
            said: store.data().last_words.message(),
            ..self.error(function, trap::fault(&error, budget))
        })?;
        let left = store.get_fuel().unwrap_or_default();
        let memory = store.data().memory();
        Ok(Metered { value, fuel: budget.fuel.saturating_sub(left), memory })
    }

    /// The outcome of a check, with the plugin's texts sanitized and shortened.
    pub(crate) fn checked(&self, outcome: Result<(), Vec<SettingProblem>>) -> Result<(), CheckError> {
        outcome.map_err(|problems| {
            let problems = problems
                .into_iter()
                .take(LIST)
                .map(|problem| SettingProblem {
                    setting: sanitize(&problem.setting, NAME),
                    message: sanitize(&problem.message, SENTENCE),
                })
                .collect();
            CheckError::Settings { plugin: self.name.clone(), problems }
        })
    }
}

/// The description, with its texts sanitized and shortened.
pub(crate) fn sanitized(description: Description) -> Description {
    let docs = |docs: Vec<SettingDoc>| {
        docs.into_iter()
            .take(LIST)
            .map(|doc| SettingDoc {
                name: sanitize(&doc.name, NAME),
                default: sanitize(&doc.default, SENTENCE),
                about: sanitize(&doc.about, SENTENCE),
            })
            .collect()
    };
    Description {
        name: sanitize(&description.name, NAME),
        version: sanitize(&description.version, NAME),
        about: sanitize(&description.about, SENTENCE),
        settings: docs(description.settings),
        roles: description.roles,
        secrets: docs(description.secrets),
    }
}
