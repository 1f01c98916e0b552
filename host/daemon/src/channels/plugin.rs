//! The plugin of a channel, checked against its settings.

use std::fmt::Display;

use dogwatch_plugins::{ChannelPlugin, Library};

use crate::config::ChannelConfig;

/// Why a channel cannot be used: its plugin does not load, rejects its settings, or failed a call. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChannelFault(String);

impl ChannelFault {
    /// Keeps the text of the error.
    pub fn new(why: impl Display) -> Self {
        Self(why.to_string())
    }
}

/// Loads the plugin of a channel and has it check the settings.
///
/// # Errors
///
/// If the plugin does not load or rejects its settings.
pub fn load(library: &Library, channel: &ChannelConfig) -> Result<ChannelPlugin, ChannelFault> {
    let plugin = library.channel(&channel.plugin).map_err(ChannelFault::new)?;
    let secrets: Vec<String> = channel.secrets.keys().cloned().collect();
    plugin.check(&channel.settings, &secrets).map_err(ChannelFault::new)?;
    Ok(plugin)
}
