//! The alert configuration of the last good start, for starts that have no usable one.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use dogwatch_alerts::Severity;
use dogwatch_plugins::{
    ChannelPlugin, FileOwners, FileRules, Library, PluginInUse, PluginOrigin, PluginSignature, Settings, Signatures,
};
use serde::{Deserialize, Serialize};

use crate::channels::plugin;
use crate::config::{ChannelConfig, Config, SecretSource, narrow};
use crate::plugin_cache;

/// The kept configuration. Of secrets it holds only where to find them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastGood {
    /// The site where the daemon runs.
    pub site: String,
    channels: Vec<LastGoodChannel>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastGoodChannel {
    name: String,
    plugin: String,
    min_severity: Severity,
    allow_hosts: Vec<String>,
    allow_http: bool,
    /// In PEM form.
    authorities: Vec<String>,
    settings: Settings,
    secrets: BTreeMap<String, SecretSource>,
}

/// The directory that holds it all, in the state directory.
fn directory(state_dir: &Path) -> PathBuf {
    state_dir.join("alerting")
}

/// The directory of the kept plugins that came from the plugin directory, with their signatures where those were required.
fn plugins_dir(state_dir: &Path) -> PathBuf {
    directory(state_dir).join("plugins")
}

/// The directory of the kept plugins that were bundled: nobody signs those.
fn bundled_dir(state_dir: &Path) -> PathBuf {
    directory(state_dir).join("bundled")
}

/// Whether they are still kept.
pub fn is_kept(state_dir: &Path) -> bool {
    directory(state_dir).exists()
}

/// Keeps the channels and plugins of this start. Plugins are kept as WebAssembly and compiled when they are needed:
/// machine code from another version of the daemon would be useless.
///
/// # Errors
///
/// If the files cannot be written.
pub fn keep(config: &Config, library: &Library) -> std::io::Result<()> {
    let directory = directory(&config.state_dir);
    for folder in [plugins_dir(&config.state_dir), bundled_dir(&config.state_dir)] {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let before = LastGood::read(&config.state_dir);
    let works = |channel: &&ChannelConfig| plugin::load(library, channel).is_ok();
    for channel in config.channels.iter().filter(works) {
        if let Some(plugin) = library.in_use(&channel.plugin) {
            keep_plugin(&config.state_dir, &channel.plugin, &plugin)?;
        }
    }
    let channel = |channel: &ChannelConfig| LastGoodChannel {
        name: channel.name.clone(),
        plugin: channel.plugin.clone(),
        min_severity: channel.min_severity,
        allow_hosts: channel.allow_hosts.clone(),
        allow_http: channel.allow_http,
        authorities: channel.authorities.iter().map(|pem| String::from_utf8_lossy(pem).into_owned()).collect(),
        settings: channel.settings.clone(),
        secrets: channel.sources.clone(),
    };
    // Of a channel that does not work now, keep the last version that did.
    let known = |name: &str| before.iter().flat_map(|kept| &kept.channels).find(|known| known.name == name).cloned();
    let either = |one: &ChannelConfig| if works(&one) { Some(channel(one)) } else { known(&one.name) };
    let kept = LastGood { site: config.site.clone(), channels: config.channels.iter().filter_map(either).collect() };
    let json = serde_json::to_vec_pretty(&kept)?;
    replace(&directory.join("channels.json"), &json)
}

/// Keeps a plugin, with its signature if one is required: the copy is verified again before it is used.
fn keep_plugin(state_dir: &Path, name: &str, plugin: &PluginInUse) -> std::io::Result<()> {
    let file = format!("{name}.wasm");
    let (folder, other) = match plugin.origin {
        PluginOrigin::Bundled => (bundled_dir(state_dir), plugins_dir(state_dir)),
        PluginOrigin::File(_) => (plugins_dir(state_dir), bundled_dir(state_dir)),
    };
    let kept = folder.join(&file);
    match &plugin.signature {
        Some(signature) => replace(&PluginSignature::path(&kept), signature.as_bytes())?,
        None => remove(&PluginSignature::path(&kept))?,
    }
    replace(&kept, &plugin.wasm)?;
    // What it takes the place of.
    remove(&PluginSignature::path(&other.join(&file)))?;
    remove(&other.join(&file))
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A channel as it was at the last good start, if it existed then.
///
/// Pins, signatures and grants hold for the kept copy, too: what is trusted now is what may have the channel's secrets.
pub fn channel(config: &Config, name: &str) -> Option<(ChannelConfig, ChannelPlugin)> {
    let state_dir = &config.state_dir;
    let kept = LastGood::read(state_dir)?;
    let mut channel = kept.channels().into_iter().flatten().find(|channel| channel.name == name)?;
    narrow(&config.grants, &mut channel);
    let plugin = libraries(Some(&kept), state_dir, &config.pins, &config.signatures)
        .iter()
        .find_map(|library| plugin::load(library, &channel).ok())?;
    Some((channel, plugin))
}

/// The libraries to load plugins from: the kept ones first, because they worked.
pub(super) fn libraries(
    kept: Option<&LastGood>,
    state_dir: &Path,
    pins: &BTreeMap<String, String>,
    signatures: &Signatures,
) -> Vec<Library> {
    let files = (kept.map(|_| plugins_dir(state_dir)), signatures.clone());
    let bundled = (kept.map(|_| bundled_dir(state_dir)), Signatures::NotRequired);
    let directories = [files, bundled, (None, Signatures::NotRequired)];
    let open = |(directory, signatures): (Option<PathBuf>, Signatures)| {
        let rules = FileRules { pins: pins.clone(), owners: FileOwners::Anybody, signatures };
        let library = Library::open_with(plugin_cache::sandbox(Some(state_dir)).ok()?, directory.as_deref(), rules).0;
        // Somebody waits: for a start, or to be told that there is none.
        library.hurry();
        Some(library)
    };
    directories.into_iter().filter_map(open).collect()
}

/// Replaces a file atomically. Writes nothing if the content is the same.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    let new = PathBuf::from(format!("{}.new", path.display()));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

impl LastGood {
    /// Reads the kept configuration, if there is one.
    pub fn read(state_dir: &Path) -> Option<Self> {
        let json = std::fs::read(directory(state_dir).join("channels.json")).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The channels with their secrets, or the name of a channel whose secrets cannot be had and why.
    pub fn channels(&self) -> Vec<Result<ChannelConfig, (String, String)>> {
        self.channels.iter().map(LastGoodChannel::fetch).collect()
    }
}

impl LastGoodChannel {
    fn fetch(&self) -> Result<ChannelConfig, (String, String)> {
        let mut secrets = BTreeMap::new();
        for (name, source) in &self.secrets {
            let secret = source.fetch().map_err(|error| (self.name.clone(), format!("secret {name}: {error}")))?;
            secrets.insert(name.clone(), secret);
        }
        Ok(ChannelConfig {
            line: 0,
            name: self.name.clone(),
            plugin: self.plugin.clone(),
            min_severity: self.min_severity,
            allow_hosts: self.allow_hosts.clone(),
            allow_http: self.allow_http,
            authorities: self.authorities.iter().map(|pem| pem.clone().into_bytes()).collect(),
            heartbeat: std::time::Duration::from_secs(60),
            settings: self.settings.clone(),
            secrets,
            sources: self.secrets.clone(),
        })
    }
}
