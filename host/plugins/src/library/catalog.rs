//! The plugins by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::any_plugin::AnyPlugin;
use super::error::{LibraryError, LoadProblem};
use super::files;
use super::origin::PluginOrigin;
use super::rules::FileRules;
use super::source::PluginSource;
use super::stamp::PluginStamp;
use crate::abi::interface::Abi;
use crate::channel::ChannelPlugin;
use crate::compile::{Maker, PluginBytes};
use crate::error::load::LoadError;
use crate::handle::PluginHandle;
use crate::limits::NAME;
use crate::load::{load, magic};
use crate::nearest::nearest;
use crate::policy::PolicyPlugin;
use crate::sandbox::Sandbox;
use crate::text::sanitize;
use crate::world::World;

/// The plugins by name. Each is compiled when it is first asked for, since compiled code takes memory.
pub struct Library {
    pub(super) sandbox: Sandbox,
    pub(super) rules: FileRules,
    pub(super) directory: Option<PathBuf>,
    entries: Mutex<LibraryEntries>,
    /// The files of the directory that can be no plugins, as they were told of.
    pub(super) unfit: Mutex<BTreeSet<PathBuf>>,
    /// Whether nobody can wait for a file that takes long to compile.
    hurried: AtomicBool,
}

/// Plugins that are named where there is none of a name.
const HINTS: usize = 30;

/// How long a file may take to compile where somebody waits.
pub(crate) const HURRIED: Duration = Duration::from_secs(10);

type LibraryEntries = BTreeMap<String, LibraryEntry>;

/// A plugin, compiled or not.
pub(super) struct LibraryEntry {
    pub(super) source: PluginSource,
    pub(super) loaded: Option<AnyPlugin>,
    /// Why it does not load, as long as its file stays what it is: to find that out may take a minute.
    pub(super) failed: Option<String>,
    /// The file that is to replace it and did not load when it was first seen: it may have been half-written.
    pub(super) unsettled: Option<PluginSource>,
    /// Whether the last file that was to replace it was refused.
    pub(super) refused: bool,
    /// Whether it was refused for a reason that may pass.
    pub(super) may_pass: bool,
    /// How many looks in a row found another file that is to replace it and does not load.
    pub(super) restless: u32,
    /// Whether it failed only because nobody had the time to wait.
    late: bool,
}

impl LibraryEntry {
    /// A plugin that nobody has asked for yet.
    pub(super) const fn new(source: PluginSource) -> Self {
        let (refused, may_pass, late) = (false, false, false);
        Self { source, loaded: None, failed: None, unsettled: None, refused, may_pass, restless: 0, late }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.entries().keys().cloned().collect();
        f.debug_struct("Library").field("directory", &self.directory).field("names", &names).finish_non_exhaustive()
    }
}

impl Library {
    /// Opens the library: the bundled plugins, and every `name.wasm` in the directory, which replaces a bundled plugin
    /// of that name. Also returns the files that are clearly not plugins; anything else wrong with a file shows when
    /// the plugin is asked for.
    pub fn open(sandbox: Sandbox, directory: Option<&Path>) -> (Self, Vec<LoadProblem>) {
        Self::open_with(sandbox, directory, FileRules::default())
    }

    /// The same, where files must follow rules to be used.
    pub fn open_with(sandbox: Sandbox, directory: Option<&Path>, rules: FileRules) -> (Self, Vec<LoadProblem>) {
        let mut entries: LibraryEntries = dogwatch_bundled::ALL
            .iter()
            .map(|bundled| (bundled.name.to_owned(), LibraryEntry::new(PluginSource::Bundled(bundled.wasm))))
            .collect();
        let (mut problems, mut unfit) = (Vec::new(), BTreeSet::new());
        if let Some(directory) = directory {
            let (found, bad) = files::scan(directory, &rules);
            unfit.extend(bad.iter().filter_map(LoadProblem::path).cloned());
            problems.extend(bad);
            for (name, (path, stamp)) in found {
                if let Err(error) = files::read_start(&path).and_then(|bytes| magic::check_magic(&bytes)) {
                    problems.push(LoadProblem { name: name.clone(), origin: PluginOrigin::File(path.clone()), error });
                }
                entries.insert(name, LibraryEntry::new(PluginSource::File { path, stamp }));
            }
        }
        (
            Self {
                sandbox,
                rules,
                directory: directory.map(Path::to_owned),
                entries: Mutex::new(entries),
                unfit: Mutex::new(unfit),
                hurried: AtomicBool::new(false),
            },
            problems,
        )
    }

    /// From now on a file that takes longer than ten seconds to compile does not load: a start waits no longer than that.
    pub fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
    }

    /// From now on files may take their time again.
    pub fn take_time(&self) {
        self.hurried.store(false, Ordering::Relaxed);
        for entry in self.entries().values_mut().filter(|entry| entry.late) {
            (entry.late, entry.failed) = (false, None);
        }
    }

    /// Loads a file that is in no library. A plugin may be written with a hyphen and its file with an underscore.
    ///
    /// # Errors
    ///
    /// It cannot be read, or does not load.
    pub fn load_file(sandbox: Sandbox, path: &Path) -> Result<AnyPlugin, LoadProblem> {
        Self::read_file(sandbox, path)?.1
    }

    /// The same, with the file's bytes, whether it loads or not.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read_file(sandbox: Sandbox, path: &Path) -> Result<(Vec<u8>, Result<AnyPlugin, LoadProblem>), LoadProblem> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = sanitize(&stem.replace('_', "-"), NAME);
        let library = Self::empty(sandbox);
        let problem = |error| LoadProblem { name: name.clone(), origin: PluginOrigin::File(path.to_owned()), error };
        // A link is followed here: whoever calls this names the file.
        let whole = std::fs::canonicalize(path).map_err(|error| problem(error.into()))?;
        let bytes = files::read(&whole, library.sandbox.limits().file).map_err(problem)?.bytes;
        let loaded =
            library.plugin(&name, &bytes, sha256(&bytes), Maker::Anybody).map(|(plugin, _)| plugin).map_err(problem);
        Ok((bytes, loaded))
    }

    /// Loads a plugin that is in no file.
    ///
    /// # Errors
    ///
    /// It does not load.
    pub fn load_bytes(sandbox: Sandbox, name: &str, wasm: &[u8]) -> Result<AnyPlugin, LoadError> {
        Self::empty(sandbox).plugin(name, wasm, sha256(wasm), Maker::Anybody).map(|(plugin, _)| plugin)
    }

    /// A library without any plugin.
    fn empty(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            rules: FileRules::default(),
            directory: None,
            entries: Mutex::default(),
            unfit: Mutex::default(),
            hurried: AtomicBool::new(false),
        }
    }

    /// The policy with that name, compiled now if it is not yet.
    ///
    /// # Errors
    ///
    /// No plugin has that name, it is a channel, or it does not load.
    pub fn policy(&self, name: &str) -> Result<PolicyPlugin, LibraryError> {
        match self.get(name)? {
            AnyPlugin::Policy(policy) => Ok(policy),
            AnyPlugin::Channel(_) => Err(wrong_world(name, World::Channel, World::Policy)),
        }
    }

    /// The channel with that name, compiled now if it is not yet.
    ///
    /// # Errors
    ///
    /// No plugin has that name, it is a policy, or it does not load.
    pub fn channel(&self, name: &str) -> Result<ChannelPlugin, LibraryError> {
        match self.get(name)? {
            AnyPlugin::Channel(channel) => Ok(channel),
            AnyPlugin::Policy(_) => Err(wrong_world(name, World::Policy, World::Channel)),
        }
    }

    /// The bytes of a plugin's file, as it is now.
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let source = self.entries().get(name).map(|entry| entry.source.clone())?;
        match source {
            PluginSource::Bundled(bytes) => Some(bytes.to_vec()),
            PluginSource::File { path, .. } => {
                files::read(&path, self.sandbox.limits().file).ok().map(|file| file.bytes)
            }
            PluginSource::Gone(_) => None,
        }
    }

    /// Whether a file of the plugin directory has that name.
    pub fn has_file(&self, name: &str) -> bool {
        matches!(self.entries().get(name), Some(LibraryEntry { source: PluginSource::File { .. }, .. }))
    }

    /// The SHA-256 of a plugin's file as it is now, in hexadecimal.
    pub fn sha256(&self, name: &str) -> Option<String> {
        Some(sha256(&self.bytes(name)?))
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        self.entries().keys().cloned().collect()
    }

    /// The policy with that name: the bundled one if there is one, even if a file has its name.
    ///
    /// # Errors
    ///
    /// No plugin has that name, it is a channel, or it does not load.
    pub fn bundled_or_file_policy(&self, name: &str) -> Result<PolicyPlugin, LibraryError> {
        let shadowed = match self.entries().get(name) {
            Some(LibraryEntry { source: PluginSource::Bundled(_), .. }) | None => None,
            Some(_) => dogwatch_bundled::find(name),
        };
        let Some(bundled) = shadowed else { return self.policy(name) };
        match self.compile(name, &mut PluginSource::Bundled(bundled.wasm))?.0 {
            AnyPlugin::Policy(policy) => Ok(policy),
            AnyPlugin::Channel(_) => Err(wrong_world(name, World::Channel, World::Policy)),
        }
    }

    /// Nobody waits for a file that is compiled for another: the plugins are locked before and after it.
    fn get(&self, name: &str) -> Result<AnyPlugin, LibraryError> {
        let asked = {
            let entries = self.entries();
            let Some(entry) = entries.get(name) else {
                let hint = hint(name, entries.keys().map(String::as_str));
                return Err(LibraryError::NotFound { name: name.to_owned(), hint });
            };
            if let Some(plugin) = &entry.loaded {
                return Ok(plugin.clone());
            }
            if let Some(why) = entry.failed.clone() {
                let error = LoadError::AsBefore(why);
                return Err(LoadProblem { name: name.to_owned(), origin: entry.source.origin(), error }.into());
            }
            entry.source.clone()
        };
        let mut source = asked.clone();
        let compiled = self.compile(name, &mut source);
        // Another file may have come in its place meanwhile: what was found out is about the one that was asked for.
        let mut entries = self.entries();
        let entry = entries.get_mut(name).filter(|entry| entry.source == asked);
        match compiled {
            Ok((plugin, _)) => {
                if let Some(entry) = entry {
                    entry.source = source;
                    entry.loaded = Some(plugin.clone());
                }
                Ok(plugin)
            }
            Err(problem) => {
                if let Some(entry) = entry {
                    entry.source = source;
                    entry.late = self.hurried.load(Ordering::Relaxed) && !problem.error.is_of_the_file();
                    entry.failed = (entry.late || problem.error.is_of_the_file()).then(|| problem.error.to_string());
                }
                Err(problem.into())
            }
        }
    }

    /// Reads and compiles a plugin; returns its size in bytes too. Notes the stamp of what was read.
    pub(super) fn compile(&self, name: &str, source: &mut PluginSource) -> Result<(AnyPlugin, usize), LoadProblem> {
        let origin = source.origin();
        let loaded = match source {
            PluginSource::Bundled(bytes) => self.plugin(name, bytes, sha256(bytes), Maker::Bundled),
            PluginSource::File { path, stamp } => self.file(name, path, stamp),
            PluginSource::Gone(path) => {
                let gone = std::io::Error::new(std::io::ErrorKind::NotFound, format!("{} is gone", path.display()));
                Err(gone.into())
            }
        };
        loaded.map_err(|error| LoadProblem { name: name.to_owned(), origin, error })
    }

    /// Reads a file, checks it against the rules, and compiles it.
    fn file(&self, name: &str, path: &Path, stamp: &mut PluginStamp) -> Result<(AnyPlugin, usize), LoadError> {
        // Before it is read: a signature that changes meanwhile has another stamp at the next look.
        stamp.signature = self.rules.signature_stamp(path);
        let file = files::read(path, self.sandbox.limits().file)?;
        stamp.wasm = file.stamp;
        self.rules.check_owner(path, &file.metadata)?;
        let sha256 = sha256(&file.bytes);
        self.rules.check_pin(name, &sha256)?;
        self.rules.check_signature(path, &file.bytes)?;
        self.plugin(name, &file.bytes, sha256, Maker::Anybody)
    }

    fn plugin(&self, name: &str, wasm: &[u8], sha256: String, maker: Maker) -> Result<(AnyPlugin, usize), LoadError> {
        let within = self.hurried.load(Ordering::Relaxed).then_some(HURRIED);
        let loaded = load(&self.sandbox, PluginBytes { wasm, sha256: &sha256, maker, within })?;
        let handle = PluginHandle {
            name: name.to_owned(),
            sha256,
            interface: loaded.interface.name,
            stand_ins: loaded.stand_ins.into(),
            sandbox: self.sandbox.clone(),
        };
        let plugin = match loaded.abi {
            Abi::Policy(abi) => AnyPlugin::Policy(PolicyPlugin::new(handle, abi, loaded.migration)),
            Abi::Channel(abi) => AnyPlugin::Channel(ChannelPlugin::new(handle, abi)),
        };
        Ok((plugin, wasm.len()))
    }

    /// A thread that panicked while it held the lock left no entry half-written.
    pub(super) fn entries(&self) -> MutexGuard<'_, LibraryEntries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wrong_world(name: &str, found: World, wanted: World) -> LibraryError {
    LibraryError::WrongWorld { name: name.to_owned(), found, wanted }
}

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(meant) = nearest(name, known.clone()) {
        return format!("did you mean {meant}?");
    }
    let more = known.clone().skip(HINTS).count();
    let listed = known.take(HINTS).collect::<Vec<_>>().join(", ");
    if more == 0 { format!("there are: {listed}") } else { format!("there are: {listed}, and {more} more") }
}

/// In hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
