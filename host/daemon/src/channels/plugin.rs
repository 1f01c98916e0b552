//! The plugin of a channel, checked against its settings.

use dogwatch_plugins::{ChannelPlugin, Library};

use crate::config::ChannelConfig;

/// The plugin of a channel, if it loads and likes its settings.
pub fn load(library: &Library, channel: &ChannelConfig) -> Result<ChannelPlugin, String> {
    let plugin = library.channel(&channel.plugin).map_err(|error| error.to_string())?;
    let secrets: Vec<String> = channel.secrets.keys().cloned().collect();
    plugin.check(&channel.settings, &secrets).map_err(|error| error.to_string())?;
    Ok(plugin)
}
