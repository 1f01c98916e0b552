//! Plugins that cannot be had.

use std::path::PathBuf;

use super::origin::PluginOrigin;
use crate::error::load::LoadError;
use crate::world::World;

/// A plugin that does not load, and why.
#[derive(Debug, thiserror::Error)]
#[error("plugin {name} ({origin}) {error}")]
pub struct LoadProblem {
    /// The plugin's name.
    pub name: String,
    /// Where it comes from.
    pub origin: PluginOrigin,
    /// Why it does not load.
    pub error: LoadError,
}

impl LoadProblem {
    /// The file, if it is one.
    pub(super) const fn path(&self) -> Option<&PathBuf> {
        match &self.origin {
            PluginOrigin::File(path) => Some(path),
            PluginOrigin::Bundled => None,
        }
    }
}

/// Why the library does not have a plugin.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// No plugin has that name.
    #[error("there is no plugin {name}; {hint}")]
    NotFound {
        /// The name.
        name: String,
        /// What was probably meant, or what there is instead.
        hint: String,
    },
    /// The plugin is of the other kind.
    #[error("plugin {name} is a {found}, but a {wanted} is needed here")]
    WrongWorld {
        /// The name.
        name: String,
        /// What it is.
        found: World,
        /// What was asked for.
        wanted: World,
    },
    /// The plugin does not load.
    #[error(transparent)]
    Load(#[from] LoadProblem),
}
