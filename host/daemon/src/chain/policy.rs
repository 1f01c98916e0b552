//! The policy of a witness: a working plugin, or why it has none.

use dogwatch_plugins::{Library, PolicyPlugin};

use crate::config::WitnessConfig;

/// A policy, or why it does not work.
#[derive(Clone, Debug)]
pub enum Policy {
    /// It can decide.
    Ready(PolicyPlugin),
    /// It does not load or rejects its settings. Every decision fails with this reason, so that an alert stays open.
    Broken(String),
}

/// Loads the policy of a witness and has it check the settings.
pub fn load(library: &Library, witness: &WitnessConfig) -> Policy {
    let plugin = match library.policy(&witness.policy) {
        Ok(plugin) => plugin,
        Err(error) => return Policy::Broken(error.to_string()),
    };
    match plugin.check(&witness.settings) {
        Ok(()) => Policy::Ready(plugin),
        Err(error) => Policy::Broken(error.to_string()),
    }
}
