//! Noticing that files have changed.

use std::collections::btree_map;
use std::fmt;
use std::path::PathBuf;

use super::files::{self, Stamp};
use super::{Entry, Library, LoadProblem, Plugin, Source};
use crate::error::LoadError;

/// Something that became different in the operator's directory.
#[derive(Debug)]
pub enum Change {
    /// There is a file that nobody uses yet.
    Available {
        /// The plugin's name.
        name: String,
    },
    /// A plugin in use has a new file, which is loaded: ask for it again.
    Reloaded {
        /// The plugin's name.
        name: String,
        /// The new file's SHA-256, in hexadecimal.
        sha256: String,
    },
    /// A plugin in use has a new file that does not load. What was loaded stays in use.
    Kept(LoadProblem),
    /// A plugin's file is gone. If it is in use, it stays so until the daemon ends.
    Removed {
        /// The plugin's name.
        name: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Available { name } => write!(f, "plugin {name} is there, and not in use"),
            Self::Reloaded { name, sha256 } => write!(f, "plugin {name} was replaced and is loaded (sha256 {sha256})"),
            Self::Kept(problem) => write!(f, "{problem}; the one loaded before stays in use"),
            Self::Removed { name } => {
                write!(f, "plugin {name}: its file is gone; if in use, it stays so until the end")
            }
        }
    }
}

impl Library {
    /// Looks whether files changed since the last look, and loads anew those that are in use. Meant to be called every
    /// few seconds, where blocking is allowed; costs a directory listing when nothing changed.
    pub fn refresh(&self) -> Vec<Change> {
        let Some(directory) = &self.directory else {
            return Vec::new();
        };
        // A directory that cannot be read for a moment is not an empty one.
        if std::fs::read_dir(directory).is_err() {
            return Vec::new();
        }
        let (found, _) = files::scan(directory);
        let mut changes = self.forget(&found);
        changes.extend(found.into_iter().filter_map(|(name, (path, stamp))| self.notice(name, path, stamp)));
        changes
    }

    /// Notes which files are gone.
    fn forget(&self, found: &files::Found) -> Vec<Change> {
        let mut changes = Vec::new();
        self.shelf().retain(|name, entry| {
            let Source::File { path, .. } = &entry.source else {
                return true;
            };
            if found.contains_key(name) {
                return true;
            }
            changes.push(Change::Removed { name: name.clone() });
            let bundled = dogwatch_bundled::ALL.iter().find(|bundled| bundled.name == name);
            match (&entry.loaded, bundled) {
                (Some(_), _) => entry.source = Source::Gone(path.clone()),
                (None, Some(bundled)) => entry.source = Source::Bundled(bundled.wasm),
                (None, None) => return false,
            }
            true
        });
        changes
    }

    /// Notes that a file is new or changed.
    fn notice(&self, name: String, path: PathBuf, stamp: Stamp) -> Option<Change> {
        let mut shelf = self.shelf();
        let source = Source::File { path, stamp };
        let mut entry = match shelf.entry(name) {
            btree_map::Entry::Occupied(entry) => entry,
            btree_map::Entry::Vacant(entry) => {
                let name = entry.key().clone();
                entry.insert(Entry { source, loaded: None });
                return Some(Change::Available { name });
            }
        };
        if matches!(&entry.get().source, Source::File { stamp: known, .. } if *known == stamp) {
            return None;
        }
        let name = entry.key().clone();
        let Some(loaded) = entry.get().loaded.clone() else {
            entry.get_mut().source = source;
            return Some(Change::Available { name });
        };
        self.reload(name, entry.get_mut(), &loaded, source)
    }

    /// Replaces what is loaded by what is in the file, if that is any good.
    fn reload(&self, name: String, entry: &mut Entry, loaded: &Plugin, mut source: Source) -> Option<Change> {
        let compiled = self.compile(&name, &mut source).and_then(|(plugin, _)| {
            if plugin.world() == loaded.world() {
                return Ok(plugin);
            }
            let error = LoadError::OtherWorld { found: plugin.world(), wanted: loaded.world() };
            Err(LoadProblem { name: name.clone(), origin: source.origin(), error })
        });
        match compiled {
            Ok(plugin) => {
                entry.source = source;
                let sha256 = plugin.sha256().to_owned();
                let same = sha256 == loaded.sha256();
                entry.loaded = Some(plugin);
                (!same).then_some(Change::Reloaded { name, sha256 })
            }
            // Still being written: the next look will see another stamp, or the file at rest.
            Err(LoadProblem { error: LoadError::Unsettled, .. }) => None,
            Err(problem) => {
                entry.source = source;
                Some(Change::Kept(problem))
            }
        }
    }
}
