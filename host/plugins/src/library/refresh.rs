//! Changes in the operator's plugin directory.

use std::collections::btree_map;
use std::fmt;
use std::path::PathBuf;

use super::any_plugin::AnyPlugin;
use super::catalog::{Library, LibraryEntry};
use super::error::LoadProblem;
use super::files;
use super::source::PluginSource;
use super::stamp::PluginStamp;
use crate::error::load::LoadError;

/// A change in the operator's plugin directory.
#[derive(Debug)]
pub enum LibraryChange {
    /// A file is there that is not in use.
    Available {
        /// The plugin's name.
        name: String,
    },
    /// A plugin in use has a new file, which is loaded: ask the library for it again.
    Reloaded {
        /// The plugin's name.
        name: String,
        /// The new file's SHA-256, in hexadecimal.
        sha256: String,
    },
    /// A plugin in use has a new file that does not load. The loaded one stays in use.
    ReloadFailed(LoadProblem),
    /// A plugin's file is gone. If the plugin is in use, it stays in use until the daemon stops.
    Removed {
        /// The plugin's name.
        name: String,
    },
}

impl fmt::Display for LibraryChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Available { name } => write!(f, "plugin {name} is available and not in use"),
            Self::Reloaded { name, sha256 } => write!(f, "plugin {name} was replaced and reloaded (sha256 {sha256})"),
            Self::ReloadFailed(problem) => write!(f, "{problem}; the version loaded before stays in use"),
            Self::Removed { name } => {
                write!(f, "plugin {name}: its file is gone; if it is in use, it stays in use until the daemon stops")
            }
        }
    }
}

impl Library {
    /// Finds the files that changed since the last call, and reloads those that are in use. Meant to be called every
    /// few seconds, where blocking is allowed; costs a directory listing when nothing changed.
    pub fn refresh(&self) -> Vec<LibraryChange> {
        let Some(directory) = &self.directory else {
            return Vec::new();
        };
        // A directory that cannot be read for a moment is not empty.
        if std::fs::read_dir(directory).is_err() {
            return Vec::new();
        }
        let (found, _) = files::scan(directory, &self.rules);
        let mut changes = self.note_removed(&found);
        changes.extend(found.into_iter().filter_map(|(name, (path, stamp))| self.note_file(name, path, stamp)));
        changes
    }

    /// Files that were refused for a reason that may pass are new to the next refresh.
    pub fn try_again(&self) {
        for entry in self.entries().values_mut().filter(|entry| entry.may_pass) {
            entry.may_pass = false;
            if let PluginSource::File { path, .. } = &entry.source {
                let gone = PluginSource::Gone(path.clone());
                // It has been looked at twice.
                entry.unsettled = Some(std::mem::replace(&mut entry.source, gone));
            }
        }
    }

    /// Notes which files are gone.
    fn note_removed(&self, found: &files::PluginFiles) -> Vec<LibraryChange> {
        let mut changes = Vec::new();
        self.entries().retain(|name, entry| {
            let PluginSource::File { path, .. } = &entry.source else {
                return true;
            };
            if found.contains_key(name) {
                return true;
            }
            changes.push(LibraryChange::Removed { name: name.clone() });
            match (&entry.loaded, dogwatch_bundled::find(name)) {
                (Some(_), _) => entry.source = PluginSource::Gone(path.clone()),
                (None, Some(bundled)) => *entry = LibraryEntry::new(PluginSource::Bundled(bundled.wasm)),
                (None, None) => return false,
            }
            true
        });
        changes
    }

    /// Notes that a file is new or changed.
    fn note_file(&self, name: String, path: PathBuf, stamp: PluginStamp) -> Option<LibraryChange> {
        let source = PluginSource::File { path, stamp };
        let loaded = {
            let mut entries = self.entries();
            let mut entry = match entries.entry(name.clone()) {
                btree_map::Entry::Occupied(entry) => entry,
                btree_map::Entry::Vacant(entry) => {
                    entry.insert(LibraryEntry::new(source));
                    return Some(LibraryChange::Available { name });
                }
            };
            if entry.get().source.is_file_with(stamp) {
                return None;
            }
            let Some(loaded) = entry.get().loaded.clone() else {
                *entry.get_mut() = LibraryEntry::new(source);
                return Some(LibraryChange::Available { name });
            };
            loaded
        };
        self.reload(name, &loaded, source)
    }

    /// Replaces the loaded plugin by the one in the file, if that one loads. The old one can be had meanwhile.
    fn reload(&self, name: String, loaded: &AnyPlugin, mut source: PluginSource) -> Option<LibraryChange> {
        let compiled = self.compile(&name, &mut source).and_then(|(plugin, _)| {
            if plugin.world() == loaded.world() {
                return Ok(plugin);
            }
            let error = LoadError::WorldChanged { found: plugin.world(), wanted: loaded.world() };
            Err(LoadProblem { name: name.clone(), origin: source.origin(), error })
        });
        // Still being written: the next refresh sees another stamp, or the finished file. What does not load may be that too, in a
        // pause of the writer: it is looked at twice.
        if matches!(&compiled, Err(LoadProblem { error: LoadError::ChangedWhileRead, .. })) {
            return None;
        }
        let mut entries = self.entries();
        let entry = entries.get_mut(&name)?;
        if compiled.is_err() && entry.unsettled.as_ref() != Some(&source) {
            entry.unsettled = Some(source);
            return None;
        }
        (entry.source, entry.unsettled) = (source, None);
        match compiled {
            Ok(plugin) => {
                let sha256 = plugin.sha256().to_owned();
                // What takes the place of a refused file is news, even if it is what has been in use all along.
                let same = sha256 == loaded.sha256() && !std::mem::take(&mut entry.refused);
                entry.loaded = Some(plugin);
                (!same).then_some(LibraryChange::Reloaded { name, sha256 })
            }
            Err(problem) => {
                (entry.refused, entry.may_pass) = (true, !problem.error.is_of_the_file());
                Some(LibraryChange::ReloadFailed(problem))
            }
        }
    }
}
