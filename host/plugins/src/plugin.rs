//! What policies and channels have in common: a name, a sandbox, and calls on a budget.

use wasmtime::Error;

use crate::error::{Call, Called, CheckError, Fault, PluginError};
use crate::limits::{Budget, LIST, NAME, SENTENCE};
use crate::sandbox::{self, Sandbox};
use crate::settings::{Description, Problem, SettingDoc};
use crate::text::cut;
use crate::world::CallStore;

/// Who a plugin is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// As the operator calls it.
    pub(crate) name: String,
    /// Of the file, in hexadecimal.
    pub(crate) sha256: String,
    /// The interface that it exports.
    pub(crate) interface: &'static str,
    pub(crate) sandbox: Sandbox,
}

impl Identity {
    pub(crate) fn error(&self, call: Call, fault: Fault) -> PluginError {
        PluginError { plugin: self.name.clone(), call, fault }
    }

    /// Calls the plugin once, in a fresh store.
    pub(crate) fn run<T>(
        &self,
        call: Call,
        budget: Budget,
        body: impl FnOnce(&mut CallStore) -> Result<T, Error>,
    ) -> Result<Called<T>, PluginError> {
        let mut store = self.sandbox.store(budget).map_err(|fault| self.error(call, fault))?;
        let value = body(&mut store).map_err(|error| self.error(call, sandbox::fault(&error, budget)))?;
        let left = store.get_fuel().unwrap_or_default();
        Ok(Called { value, fuel: budget.fuel.saturating_sub(left) })
    }

    /// The outcome of a check, in as many words as an operator will read.
    pub(crate) fn checked(&self, outcome: Result<(), Vec<Problem>>) -> Result<(), CheckError> {
        outcome.map_err(|problems| {
            let problems = problems
                .into_iter()
                .take(LIST)
                .map(|problem| Problem {
                    setting: cut(&problem.setting, NAME),
                    message: cut(&problem.message, SENTENCE),
                })
                .collect();
            CheckError::Settings { plugin: self.name.clone(), problems }
        })
    }
}

/// A description in as many words as an operator will read.
pub(crate) fn trim(description: Description) -> Description {
    let docs = |docs: Vec<SettingDoc>| {
        docs.into_iter()
            .take(LIST)
            .map(|doc| SettingDoc {
                name: cut(&doc.name, NAME),
                default: cut(&doc.default, SENTENCE),
                about: cut(&doc.about, SENTENCE),
            })
            .collect()
    };
    Description {
        name: cut(&description.name, NAME),
        version: cut(&description.version, NAME),
        about: cut(&description.about, SENTENCE),
        settings: docs(description.settings),
        roles: description.roles,
        secrets: docs(description.secrets),
    }
}
