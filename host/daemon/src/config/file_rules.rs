//! Which plugin files are used, as the configuration says.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use dogwatch_engine::Mode;
use dogwatch_plugins::{FileOwners, FileRules};

use crate::config::load::Config;
use crate::config::paths::PathError;
use crate::config::problem::Problems;
use crate::config::reader::{Section, Source};
use crate::config::{file, mode, paths, pin, signers};

impl Config {
    /// Which plugin files are used: where Dogwatch may act, only those that nobody else can change.
    pub fn file_rules(&self) -> FileRules {
        let armed = self.witnesses.iter().any(|witness| witness.mode == Mode::Armed);
        let owners = if armed { FileOwners::RootAndMe } else { FileOwners::Anybody };
        FileRules { pins: self.pins.clone(), owners, signatures: self.signatures.clone() }
    }
}

/// The plugin directory and its rules, for a command that may not read the secrets of the configuration.
#[derive(Debug)]
pub struct PluginRules {
    /// The plugin directory, if the configuration names one.
    pub directory: Option<PathBuf>,
    /// Which of its files the daemon uses.
    pub rules: FileRules,
    /// What is wrong with the sections that say so.
    pub problems: Problems,
}

/// Reads only what the configuration says about plugin files. The rest of it may have errors.
///
/// # Errors
///
/// When the file cannot be read, or is not TOML.
pub fn plugin_rules_of(path: &Path) -> Result<PluginRules, PathError> {
    let directory = paths::plugins_dir_of(path)?;
    let text = file::read(path).map_err(|source| PathError::new(path, source))?;
    let source = Source::new(&text);
    let (document, _) = toml::de::DeTable::parse_recoverable(&text);
    let (mut problems, mut ignored) = (Problems::new(path), Problems::new(path));
    let mut top = Section::new(&source, document.get_ref(), "", 1);
    let pin::Pinned { pins, .. } = pin::read(&mut top, &mut problems);
    let signatures = signers::read(&mut top, &mut problems);
    let by_default = mode::read(&mut top, &mut ignored).unwrap_or_default();
    let mut witnesses = top.tables("witness", &mut ignored).into_iter().flatten().flatten();
    let armed =
        witnesses.any(|mut witness| mode::read(&mut witness, &mut ignored).unwrap_or(by_default) == Mode::Armed);
    let owners = if armed { daemons_owners(path) } else { FileOwners::Anybody };
    Ok(PluginRules { directory, rules: FileRules { pins, owners, signatures }, problems })
}

/// The user that the daemon runs as is the owner of its state; before its first start nobody knows.
fn daemons_owners(path: &Path) -> FileOwners {
    let state = std::fs::metadata(paths::state_dir_or_default(path));
    state.map_or(FileOwners::RootAndMe, |state| FileOwners::RootAnd(state.uid()))
}
