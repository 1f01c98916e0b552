//! Tries a policy before it is put into use.

use super::PolicyPlugin;
use crate::error::call::{Fault, PluginError};
use crate::scenario::Scenario;
use crate::settings::Settings;

/// A policy that fails where it must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tried on \"{scenario}\", {error}")]
pub struct TrialFailure {
    /// The name of the situation.
    pub scenario: &'static str,
    /// What went wrong there.
    pub error: PluginError,
}

impl PolicyPlugin {
    /// Asks for a decision in each of these situations. A policy that refuses to decide has answered.
    ///
    /// # Errors
    ///
    /// A call fails, or a decision is invalid.
    pub fn try_on<'a>(
        &self,
        settings: &Settings,
        scenarios: impl IntoIterator<Item = &'a Scenario>,
        memory: &[u8],
    ) -> Result<(), TrialFailure> {
        for Scenario { name, situation } in scenarios {
            match self.decide(settings, situation, memory) {
                Ok(_) | Err(PluginError { fault: Fault::Refused(_), .. }) => {}
                Err(error) => return Err(TrialFailure { scenario: name, error }),
            }
        }
        Ok(())
    }
}
