//! The plugins there are: the bundled ones, and those in the operator's directory.

mod files;
mod info;
mod refresh;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

pub use info::{Origin, PluginInfo};
pub use refresh::Change;

use crate::channel::ChannelPlugin;
use crate::error::LoadError;
use crate::load::{glance, load};
use crate::plugin::Identity;
use crate::policy::PolicyPlugin;
use crate::sandbox::Sandbox;
use crate::text::nearest;
use crate::world::{Abi, World};
use files::Stamp;

/// A plugin that does not load, and why.
#[derive(Debug, thiserror::Error)]
#[error("plugin {name} ({origin}) {error}")]
pub struct LoadProblem {
    /// The plugin's name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Why it does not load.
    pub error: LoadError,
}

/// A plugin is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is none by that name.
    #[error("there is no plugin {name}; {hint}")]
    NotFound {
        /// The name.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// There is one, of the other kind.
    #[error("plugin {name} is a {found}, and a {wanted} is wanted here")]
    WrongWorld {
        /// The name.
        name: String,
        /// What it is.
        found: World,
        /// What was asked for.
        wanted: World,
    },
    /// There is one, and it does not load.
    #[error(transparent)]
    Load(#[from] LoadProblem),
}

/// The plugins by name. They are compiled when they are first asked for, and not before: code takes memory.
pub struct Library {
    sandbox: Sandbox,
    directory: Option<PathBuf>,
    shelf: Mutex<Shelf>,
}

type Shelf = BTreeMap<String, Entry>;

/// A plugin on the shelf.
struct Entry {
    source: Source,
    loaded: Option<Plugin>,
}

/// Where a plugin comes from.
#[derive(Clone)]
enum Source {
    Bundled(&'static [u8]),
    File {
        path: PathBuf,
        stamp: Stamp,
    },
    /// It was a file, which is gone while the plugin is in use.
    Gone(PathBuf),
}

/// A compiled plugin.
#[derive(Clone)]
enum Plugin {
    Policy(PolicyPlugin),
    Channel(ChannelPlugin),
}

impl Plugin {
    fn world(&self) -> World {
        match self {
            Self::Policy(_) => World::Policy,
            Self::Channel(_) => World::Channel,
        }
    }

    fn sha256(&self) -> &str {
        match self {
            Self::Policy(plugin) => plugin.sha256(),
            Self::Channel(plugin) => plugin.sha256(),
        }
    }
}

impl Source {
    fn origin(&self) -> Origin {
        match self {
            Self::Bundled(_) => Origin::Bundled,
            Self::File { path, .. } | Self::Gone(path) => Origin::File(path.clone()),
        }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.shelf().keys().cloned().collect();
        f.debug_struct("Library").field("directory", &self.directory).field("names", &names).finish_non_exhaustive()
    }
}

impl Library {
    /// Opens the library: the bundled plugins, and every `name.wasm` in the directory, which replaces a bundled one of
    /// its name. Also says which files are evidently no plugins; what else is wrong with one shows when it is asked for.
    pub fn open(sandbox: Sandbox, directory: Option<&Path>) -> (Self, Vec<LoadProblem>) {
        let mut shelf: Shelf = dogwatch_bundled::ALL
            .iter()
            .map(|bundled| (bundled.name.to_owned(), Entry { source: Source::Bundled(bundled.wasm), loaded: None }))
            .collect();
        let mut problems = Vec::new();
        if let Some(directory) = directory {
            let (found, mut bad) = files::scan(directory);
            problems.append(&mut bad);
            for (name, (path, stamp)) in found {
                if let Err(error) = files::beginning(&path).and_then(|bytes| glance(&bytes)) {
                    problems.push(LoadProblem { name: name.clone(), origin: Origin::File(path.clone()), error });
                }
                shelf.insert(name, Entry { source: Source::File { path, stamp }, loaded: None });
            }
        }
        (Self { sandbox, directory: directory.map(Path::to_owned), shelf: Mutex::new(shelf) }, problems)
    }

    /// The policy with that name, compiled now if it was not yet.
    pub fn policy(&self, name: &str) -> Result<PolicyPlugin, LibraryError> {
        match self.get(name)? {
            Plugin::Policy(policy) => Ok(policy),
            Plugin::Channel(_) => Err(wrong(name, World::Channel, World::Policy)),
        }
    }

    /// The channel with that name, compiled now if it was not yet.
    pub fn channel(&self, name: &str) -> Result<ChannelPlugin, LibraryError> {
        match self.get(name)? {
            Plugin::Channel(channel) => Ok(channel),
            Plugin::Policy(_) => Err(wrong(name, World::Policy, World::Channel)),
        }
    }

    /// The file of a plugin, as it is now.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let source = self.shelf().get(name).map(|entry| entry.source.clone())?;
        match source {
            Source::Bundled(bytes) => Some(bytes.to_vec()),
            Source::File { path, .. } => files::read(&path, self.sandbox.limits().file).ok().map(|(bytes, _)| bytes),
            Source::Gone(_) => None,
        }
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        self.shelf().keys().cloned().collect()
    }

    fn get(&self, name: &str) -> Result<Plugin, LibraryError> {
        let mut shelf = self.shelf();
        let Some(entry) = shelf.get_mut(name) else {
            return Err(LibraryError::NotFound { name: name.to_owned(), hint: hint(name, &shelf) });
        };
        if let Some(plugin) = &entry.loaded {
            return Ok(plugin.clone());
        }
        let (plugin, _) = self.compile(name, &mut entry.source)?;
        entry.loaded = Some(plugin.clone());
        Ok(plugin)
    }

    /// Reads and compiles a plugin; gives its size too. Notes the stamp of what was read.
    fn compile(&self, name: &str, source: &mut Source) -> Result<(Plugin, usize), LoadProblem> {
        let origin = source.origin();
        let loaded = match source {
            Source::Bundled(bytes) => self.plugin(name, bytes),
            Source::File { path, stamp } => files::read(path, self.sandbox.limits().file).and_then(|(bytes, read)| {
                *stamp = read;
                self.plugin(name, &bytes)
            }),
            Source::Gone(path) => {
                let gone = std::io::Error::new(std::io::ErrorKind::NotFound, format!("{} is gone", path.display()));
                Err(gone.into())
            }
        };
        loaded.map_err(|error| LoadProblem { name: name.to_owned(), origin, error })
    }

    fn plugin(&self, name: &str, bytes: &[u8]) -> Result<(Plugin, usize), LoadError> {
        let loaded = load(&self.sandbox, bytes)?;
        let identity = Identity {
            name: name.to_owned(),
            sha256: hex::encode(Sha256::digest(bytes)),
            interface: loaded.interface.name,
            sandbox: self.sandbox.clone(),
        };
        let plugin = match loaded.abi {
            Abi::Policy(abi) => Plugin::Policy(PolicyPlugin::new(identity, abi)),
            Abi::Channel(abi) => Plugin::Channel(ChannelPlugin::new(identity, abi)),
        };
        Ok((plugin, bytes.len()))
    }

    /// A thread that panicked with the lock in hand left whole entries behind.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wrong(name: &str, found: World, wanted: World) -> LibraryError {
    LibraryError::WrongWorld { name: name.to_owned(), found, wanted }
}

fn hint(name: &str, shelf: &Shelf) -> String {
    match nearest(name, shelf.keys().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("there are: {}", shelf.keys().cloned().collect::<Vec<_>>().join(", ")),
    }
}
