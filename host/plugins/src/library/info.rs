//! What there is to say about a plugin.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::{Library, LoadProblem, Plugin, Source};
use crate::error::LoadError;
use crate::settings::Description;
use crate::world::{INTERFACES, World};

/// Where a plugin comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It came inside the binary.
    Bundled,
    /// It is a file in the operator's directory.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled => f.write_str("bundled"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What there is to say about a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginInfo {
    /// The name by which the configuration asks for it.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What kind of plugin it is.
    pub world: World,
    /// The version of the interface that it exports.
    pub interface_version: String,
    /// What it says of itself.
    pub description: Description,
    /// The SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// Bytes of its file.
    pub size: usize,
}

impl Library {
    /// Every plugin, and every one that does not load. Compiles them all, and keeps none that was not in use: this is
    /// for a command, not for the watch.
    pub fn list(&self) -> (Vec<PluginInfo>, Vec<LoadProblem>) {
        self.list_those(|_| true)
    }

    /// The plugin of that name, as [`Library::list`] gives it; compiles no other.
    pub fn list_one(&self, name: &str) -> (Vec<PluginInfo>, Vec<LoadProblem>) {
        self.list_those(|known| known == name)
    }

    fn list_those(&self, wanted: impl Fn(&str) -> bool) -> (Vec<PluginInfo>, Vec<LoadProblem>) {
        let shelf = self.shelf();
        let sources: Vec<(String, Source)> = shelf
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, entry)| (name.clone(), entry.source.clone()))
            .collect();
        drop(shelf);
        let (mut infos, mut problems) = (Vec::new(), Vec::new());
        for (name, mut source) in sources {
            match self.compile(&name, &mut source).and_then(|(plugin, size)| info(name, source.origin(), &plugin, size))
            {
                Ok(info) => infos.push(info),
                Err(problem) => problems.push(problem),
            }
        }
        (infos, problems)
    }
}

fn info(name: String, origin: Origin, plugin: &Plugin, size: usize) -> Result<PluginInfo, LoadProblem> {
    let (description, interface) = match plugin {
        Plugin::Policy(policy) => (policy.describe(), policy.interface()),
        Plugin::Channel(channel) => (channel.describe(), channel.interface()),
    };
    let version = INTERFACES.iter().find(|known| known.name == interface).map_or("", |known| known.version());
    match description {
        Ok(description) => Ok(PluginInfo {
            name,
            origin,
            world: plugin.world(),
            interface_version: version.to_owned(),
            description,
            sha256: plugin.sha256().to_owned(),
            size,
        }),
        Err(error) => Err(LoadProblem { name, origin, error: LoadError::Silent(error) }),
    }
}
