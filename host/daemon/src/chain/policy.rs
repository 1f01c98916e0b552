//! The policy of a witness: a plugin that works with its settings, or why there is none.

use dogwatch_plugins::{Library, PolicyPlugin};

use crate::config::WitnessConfig;

/// A policy, or why there is none.
#[derive(Clone, Debug)]
pub enum Policy {
    /// It can be asked.
    Ready(PolicyPlugin),
    /// It could not be loaded or does not like its settings; said at every question, so that it is an open alert.
    Broken(String),
}

/// The policy of a witness, if it loads and likes its settings.
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
