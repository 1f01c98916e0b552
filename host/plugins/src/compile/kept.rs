//! What was compiled before, and what could not be: one file each, named by the plugin's SHA-256 and the engine.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read, Write as _};
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
/// Bytes of the SHA-256 that follows the machine code: what is run must be what was written, whatever became of the disk.
const CHECKSUM: u64 = 32;
/// Machine code of this many bytes is used where it lies, in pages that the system reads when they are needed and takes back when memory
/// is short. What is smaller is copied: it costs little, and a disk that fails later does not matter. The bundled plugins are smaller.
const LARGE: u64 = 8 << 20;
/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;
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

/// Machine code that was kept, and is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeptCode {
    /// The code itself.
    Copy(Vec<u8>),
    /// A file that begins with it.
    File(PathBuf),
}

/// Whether code is used where it is kept.
pub(super) fn is_large(code: &[u8]) -> bool {
    u64::try_from(code.len()).is_ok_and(|length| length >= LARGE)
}

/// Reads a file of machine code, and checks it.
fn read(file: &mut File, path: &Path) -> io::Result<Option<KeptCode>> {
    let Some(length) = file.metadata()?.len().checked_sub(CHECKSUM) else { return Ok(None) };
    let (code, sum) = if length < LARGE {
        let mut copy = Vec::new();
        file.take(length).read_to_end(&mut copy)?;
        let sum = Sha256::digest(&copy);
        (KeptCode::Copy(copy), sum)
    } else {
        (KeptCode::File(path.to_owned()), digest(file.take(length))?)
    };
    let mut written = Vec::new();
    file.take(CHECKSUM).read_to_end(&mut written)?;
    Ok((*sum == *written).then_some(code))
}

/// The SHA-256 of what is read, which is held in memory a little at a time.
fn digest(mut from: impl Read) -> io::Result<sha2::digest::Output<Sha256>> {
    let (mut sha256, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        let read = from.read(&mut chunk)?;
        let Some(some) = chunk.get(..read).filter(|some| !some.is_empty()) else { return Ok(sha256.finalize()) };
        sha256.update(some);
    }
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
    pub(super) fn code(&self) -> Option<KeptCode> {
        let path = self.path(CODE);
        let mut file = File::open(&path).ok()?;
        let code = read(&mut file, &path).ok()?;
        if code.is_some() {
            let _ = futimens(&file, &USED_NOW);
        } else {
            self.forget();
        }
        code
    }

    /// Keeps the machine code. If that fails, the next start compiles again.
    pub(super) fn keep(&self, code: &[u8]) {
        let written = self.write(CODE, |file| {
            file.write_all(code)?;
            file.write_all(&Sha256::digest(code))
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
            [|file| file[40] ^= 1, |file| file[110] ^= 1, |file| file.truncate(50), Vec::clear];
        for spoil in spoilt {
            kept.keep(&[7; 100]);
            assert_eq!(kept.code(), Some(KeptCode::Copy(vec![7; 100])));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left");
            let mut file = fs::read(kept.path(CODE)).unwrap();
            spoil(&mut file);
            fs::write(kept.path(CODE), file).unwrap();
            assert_eq!(kept.code(), None);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn large_code_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path(), &Engine::default(), "00ff");
        let code = vec![7; usize::try_from(LARGE).unwrap()];
        for spoilt in [0, code.len() - 1, code.len(), code.len() + 31] {
            kept.keep(&code);
            assert_eq!(kept.code(), Some(KeptCode::File(kept.path(CODE))));
            let mut file = fs::read(kept.path(CODE)).unwrap();
            file[spoilt] ^= 1;
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
