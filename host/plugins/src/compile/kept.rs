//! What was compiled before, and what could not be: one file each, named by the plugin's SHA-256 and the engine.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use super::refusal::CompilerEnd;

/// The ending of a file of machine code.
const CODE: &str = "cwasm";
/// The ending of a file that says how the compiler ended.
const REFUSED: &str = "refused";
/// Bytes of the SHA-256 that machine code begins with: what is run must be what was written, whatever became of the disk.
const CHECKSUM: usize = 32;
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

/// Takes the code off what a file holds, and leaves the checksum.
fn split(all: &mut Vec<u8>) -> Option<Vec<u8>> {
    (all.len() > CHECKSUM).then(|| all.split_off(CHECKSUM))
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

    /// The machine code, if the plugin was compiled before. A file that is not as it was written goes.
    pub(super) fn code(&self) -> Option<Vec<u8>> {
        let path = self.path(CODE);
        let mut file = File::open(&path).ok()?;
        let mut all = Vec::new();
        file.read_to_end(&mut all).ok()?;
        match split(&mut all) {
            Some(code) if *Sha256::digest(&code) == *all => {
                let _ = futimens(&file, &USED_NOW);
                Some(code)
            }
            _ => {
                self.forget();
                None
            }
        }
    }

    /// Keeps the machine code. If that fails, the next start compiles again.
    pub(super) fn keep(&self, code: &[u8]) {
        let written = self.write(CODE, |file| {
            file.write_all(&Sha256::digest(code))?;
            file.write_all(code)
        });
        if let Ok(now) = written.and_then(|file| file.metadata()?.modified()) {
            self.tidy(now);
        }
    }

    /// Removes machine code that is no good.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(self.path(CODE));
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
    fn write(&self, ending: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
        let mut new = tempfile::Builder::new().suffix(&format!(".{ending}")).tempfile_in(&self.directory)?;
        fill(new.as_file_mut())?;
        Ok(new.persist(self.path(ending))?)
    }

    /// Removes what has not been used for long.
    fn tidy(&self, now: SystemTime) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            let old = used.is_ok_and(|used| now.duration_since(used).is_ok_and(|unused| unused > UNUSED));
            let ours = entry.path().extension().is_some_and(|ending| ending == CODE || ending == REFUSED);
            if old && ours {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn machine_code_is_kept_and_what_is_broken_goes() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path(), &Engine::default(), "00ff");
        assert_eq!(kept.code(), None);
        let spoilt: [fn(&mut Vec<u8>); 4] =
            [|file| file[40] ^= 1, |file| file[0] ^= 1, |file| file.truncate(50), Vec::clear];
        for spoil in spoilt {
            kept.keep(&[7; 100]);
            assert_eq!(kept.code(), Some(vec![7; 100]));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left");
            let mut file = fs::read(kept.path(CODE)).unwrap();
            spoil(&mut file);
            fs::write(kept.path(CODE), file).unwrap();
            assert_eq!(kept.code(), None);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
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
        kept.keep(b"code");
        assert!(!old.exists() && other.exists() && kept.path(CODE).exists());
    }
}
