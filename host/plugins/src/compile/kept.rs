//! What was compiled before, and what could not be: one file each, named by the plugin's SHA-256 and the engine.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::machine_code;
use super::refusal::CompilerEnd;

/// The ending of a file of machine code.
const CODE: &str = "cwasm";
/// The ending of a file that says how the compiler ended.
const REFUSED: &str = "refused";
/// What nobody has used for so long is removed.
const UNUSED: Duration = Duration::from_secs(60 * 24 * 3600);

/// Times of a file that was read just now.
const USED_NOW: Timestamps = Timestamps {
    last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
    last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
};

/// The place of one plugin in the directory.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    directory: PathBuf,
    /// Without the ending.
    name: String,
}

impl Kept {
    pub(super) fn new(directory: &Path, engine: &Engine, sha256: &str) -> Self {
        // What another version, or another machine, has compiled is not for this one.
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Self { directory: directory.to_owned(), name: format!("{sha256}-{:016x}", hasher.finish()) }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.directory.join(format!("{}.{ending}", self.name))
    }

    /// The component, if it was compiled before. A file that is no good goes.
    pub(super) fn component(&self, engine: &Engine) -> Option<Component> {
        let path = self.path(CODE);
        let file = File::open(&path).ok()?;
        // Where files may not be run, as on some disks, their content may.
        let mapped = machine_code::from_file(engine, &path);
        let component = mapped.or_else(|_| machine_code::from_bytes(engine, &fs::read(&path)?));
        match component {
            Ok(component) => {
                let _ = futimens(&file, &USED_NOW);
                Some(component)
            }
            Err(_) => {
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps the machine code.
    pub(super) fn keep(&self, code: &mut impl Read) -> io::Result<()> {
        self.write(CODE, |file| io::copy(code, file).map(drop))?;
        if let Ok(now) = fs::metadata(self.path(CODE)).and_then(|written| written.modified()) {
            self.tidy(now);
        }
        Ok(())
    }

    /// How the compiler ended, if it cannot compile this plugin.
    pub(super) fn refused(&self) -> Option<CompilerEnd> {
        serde_json::from_slice(&fs::read(self.path(REFUSED)).ok()?).ok()
    }

    /// Remembers how the compiler ended. If that fails, the next start tries again.
    pub(super) fn refuse(&self, end: &CompilerEnd) {
        let _ = self.write(REFUSED, |file| file.write_all(&serde_json::to_vec(end)?));
    }

    /// Writes a file under another name first, so that nobody ever sees a part of it.
    fn write(&self, ending: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let new = self.path(&format!("{ending}.new-{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        let written = fill(&mut file).and_then(|()| fs::rename(&new, self.path(ending)));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }

    /// Removes what has not been used for long.
    fn tidy(&self, now: SystemTime) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            let old = used.is_ok_and(|used| now.duration_since(used).is_ok_and(|unused| unused > UNUSED));
            let ours = entry.file_name().to_str().is_some_and(|name| name.contains(CODE) || name.contains(REFUSED));
            if old && ours {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::translate::translate;

    #[test]
    fn machine_code_is_kept_and_what_is_broken_goes() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let kept = Kept::new(folder.path(), &engine, "00ff");
        assert!(kept.component(&engine).is_none());
        let code = translate(&engine, &wat::parse_str("(component)").unwrap()).unwrap();
        kept.keep(&mut code.as_slice()).unwrap();
        assert!(kept.component(&engine).is_some());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left");
        fs::write(kept.path(CODE), b"rubbish").unwrap();
        assert!(kept.component(&engine).is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_engine_has_other_files() {
        let (one, other) = (Engine::default(), Engine::new(wasmtime::Config::new().consume_fuel(true)).unwrap());
        let name = |engine: &Engine| Kept::new(Path::new("/d"), engine, "00ff").name;
        assert_eq!(name(&one), name(&Engine::default()));
        assert_ne!(name(&one), name(&other));
    }

    #[test]
    fn a_refusal_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path(), &Engine::default(), "00ff");
        assert_eq!(kept.refused(), None);
        let end = CompilerEnd::Time { seconds: 60 };
        kept.refuse(&end);
        assert_eq!(kept.refused(), Some(end));
        assert_eq!(Kept::new(folder.path(), &Engine::default(), "00fe").refused(), None);
    }

    #[test]
    fn what_nobody_uses_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (old, other) = (folder.path().join("a.cwasm"), folder.path().join("note"));
        for path in [&old, &other] {
            fs::write(path, b"x").unwrap();
            File::options().write(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let kept = Kept::new(folder.path(), &Engine::default(), "00ff");
        kept.keep(&mut &b"code"[..]).unwrap();
        assert!(!old.exists() && other.exists() && kept.path(CODE).exists());
    }
}
