//! Settings that a plugin does not accept.

use super::call::PluginError;
use crate::settings::SettingProblem;

/// A check of settings that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The plugin found problems.
    #[error("plugin {plugin} does not accept its settings: {}", list(problems))]
    Settings {
        /// The operator's name for the plugin.
        plugin: String,
        /// Every problem found.
        problems: Vec<SettingProblem>,
    },
    /// The plugin failed to check the settings.
    #[error(transparent)]
    Plugin(#[from] PluginError),
}

fn list(problems: &[SettingProblem]) -> String {
    let texts: Vec<_> = problems.iter().map(SettingProblem::to_string).collect();
    texts.join("; ")
}
