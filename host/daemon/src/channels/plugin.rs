//! The plugin of a channel, checked against its settings.

use dogwatch_plugins::{ChannelPlugin, Library};

use crate::config::ChannelConfig;

/// Loads the plugin of a channel and has it check the settings.
///
/// # Errors
///
/// If the plugin does not load or rejects its settings.
pub fn load(library: &Library, channel: &ChannelConfig) -> Result<ChannelPlugin, String> {
    let plugin = library.channel(&channel.plugin).map_err(|error| error.to_string())?;
    let secrets: Vec<String> = channel.secrets.keys().cloned().collect();
    plugin.check(&channel.settings, &secrets).map_err(|error| error.to_string())?;
    Ok(plugin)
}
