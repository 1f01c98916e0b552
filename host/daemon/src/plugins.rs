//! The plugins that a configuration asks for, checked against their settings.

use dogwatch_plugins::{ChannelPlugin, CheckError, Library};

use crate::config::{ChannelConfig, Config, Problems, WitnessConfig};
use crate::guard::Policy;

/// The policy of a witness, if it loads and likes its settings.
pub fn policy(library: &Library, witness: &WitnessConfig) -> Policy {
    let plugin = match library.policy(&witness.policy) {
        Ok(plugin) => plugin,
        Err(error) => return Policy::Broken(error.to_string()),
    };
    match plugin.check(&witness.settings) {
        Ok(()) => Policy::Ready(plugin),
        Err(error) => Policy::Broken(error.to_string()),
    }
}

/// The plugin of a channel, if it loads and likes its settings.
pub fn channel(library: &Library, channel: &ChannelConfig) -> Result<ChannelPlugin, String> {
    let plugin = library.channel(&channel.plugin).map_err(|error| error.to_string())?;
    let secrets: Vec<String> = channel.secrets.keys().cloned().collect();
    plugin.check(&channel.settings, &secrets).map_err(|error| error.to_string())?;
    Ok(plugin)
}

/// Adds to the problems what the plugins think of their settings.
pub fn check(library: &Library, config: &Config, problems: &mut Problems) {
    for witness in &config.witnesses {
        let what = format!("witness {:?}: policy {:?}", witness.name.as_str(), witness.policy);
        match library.policy(&witness.policy) {
            Ok(plugin) => report(&what, witness.line, plugin.check(&witness.settings), problems),
            Err(error) => problems.error(Some(witness.line), format!("{what}: {error}"), PLUGIN_REMEDY),
        }
    }
    for channel in &config.channels {
        let what = format!("channel {:?}: plugin {:?}", channel.name, channel.plugin);
        let secrets: Vec<String> = channel.secrets.keys().cloned().collect();
        match library.channel(&channel.plugin) {
            Ok(plugin) => report(&what, channel.line, plugin.check(&channel.settings, &secrets), problems),
            Err(error) => problems.error(Some(channel.line), format!("{what}: {error}"), PLUGIN_REMEDY),
        }
    }
}

const PLUGIN_REMEDY: &str = "Which plugins there are, and their settings: dogwatch plugin list.";

fn report(what: &str, line: usize, checked: Result<(), CheckError>, problems: &mut Problems) {
    match checked {
        Ok(()) => {}
        Err(CheckError::Settings { problems: found, .. }) => {
            for problem in found {
                problems.error(Some(line), format!("{what}: {problem}"), "Correct its settings.");
            }
        }
        Err(error) => problems.error(Some(line), error.to_string(), PLUGIN_REMEDY),
    }
}
