//! Changes in the operator's plugin directory.

use std::collections::{BTreeSet, btree_map};
use std::fmt;
use std::path::PathBuf;
use std::sync::PoisonError;

use super::any_plugin::AnyPlugin;
use super::catalog::{Library, LibraryEntry};
use super::error::LoadProblem;
use super::files;
use super::source::PluginSource;
use super::stamp::PluginStamp;
use crate::error::load::LoadError;

/// How many looks in a row may find another file until that is told: it is written in place for half a minute, or for ever.
const RESTLESS: u32 = 15;

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
    /// Something is there that has a plugin's ending and can be none, and no plugin in use has its name.
    Unfit(LoadProblem),
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
            Self::Unfit(problem) => write!(f, "{problem}; it is left alone"),
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
        let (found, unfit) = files::scan(directory, &self.rules);
        let mut changes = self.note_unfit(unfit);
        changes.extend(self.note_removed(&found));
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

    /// Notes what is there and can be no plugin. Each is told once, until it is gone.
    fn note_unfit(&self, unfit: Vec<LoadProblem>) -> Vec<LibraryChange> {
        let now: BTreeSet<_> = unfit.iter().filter_map(LoadProblem::path).cloned().collect();
        let before = {
            let mut known = self.unfit.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, now)
        };
        let mut changes = Vec::new();
        for problem in unfit {
            let Some(path) = problem.path().filter(|path| !before.contains(*path)) else { continue };
            // In the place of a file that is in use, it is refused as any other.
            let mut entries = self.entries();
            let replaced =
                entries.get_mut(&problem.name).filter(|entry| entry.source.is_at(path) && entry.loaded.is_some());
            changes.push(match replaced {
                Some(entry) => {
                    (entry.source, entry.refused) = (PluginSource::Gone(path.clone()), true);
                    LibraryChange::ReloadFailed(problem)
                }
                None => LibraryChange::Unfit(problem),
            });
        }
        changes
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
        let mut entries = self.entries();
        let entry = entries.get_mut(&name)?;
        let plugin = match compiled {
            Ok(plugin) => plugin,
            Err(problem) => return entry.does_not_load(source, problem),
        };
        (entry.source, entry.unsettled, entry.restless) = (source, None, 0);
        let sha256 = plugin.sha256().to_owned();
        // What takes the place of a refused file is news, even if it is what has been in use all along.
        let same = sha256 == loaded.sha256() && !std::mem::take(&mut entry.refused);
        entry.loaded = Some(plugin);
        (!same).then_some(LibraryChange::Reloaded { name, sha256 })
    }
}

impl LibraryEntry {
    /// Notes that the file which is to replace it does not load. It may still be being written: then the next refresh sees another
    /// stamp, or the finished file. It may be that in a pause of the writer, too: it is looked at twice.
    fn does_not_load(&mut self, source: PluginSource, problem: LoadProblem) -> Option<LibraryChange> {
        let half_read = matches!(problem.error, LoadError::ChangedWhileRead);
        if !half_read && self.unsettled.as_ref() == Some(&source) {
            (self.source, self.unsettled, self.restless) = (source, None, 0);
            (self.refused, self.may_pass) = (true, !problem.error.is_of_the_file());
            return Some(LibraryChange::ReloadFailed(problem));
        }
        self.unsettled = (!half_read).then_some(source);
        self.restless = self.restless.saturating_add(1);
        let told = self.restless == RESTLESS;
        self.refused |= told;
        told.then_some(LibraryChange::ReloadFailed(problem))
    }
}
