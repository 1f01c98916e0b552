//! The journal's files: each is a compressed run of entries, one JSON object a line, and is named after the time of its first.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::entry::JournalEntry;

const ENDING: &str = ".jsonl.gz";
/// Bytes of a file before the next one is begun.
const LARGEST: u64 = 1 << 20;
/// Bytes of all files together: some 12 days of one witness, at the 183 bytes that a situation takes in the journal of a demo.
const ALL: u64 = 64 << 20;

/// A file that is being written.
pub(super) struct Segment {
    encoder: GzEncoder<Counted>,
}

impl Segment {
    /// Begins a file, and removes the oldest if all together are too large.
    pub(super) fn begin(directory: &Path, entry: &JournalEntry) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        prune(directory)?;
        let path = directory.join(format!("{:015}{ENDING}", entry.situation.now.as_millis().max(0)));
        // Two in the same millisecond are two members of one file, which readers read as one.
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        Ok(Self { encoder: GzEncoder::new(Counted { file, bytes: 0 }, Compression::fast()) })
    }

    pub(super) fn write(&mut self, entry: &JournalEntry) -> io::Result<()> {
        serde_json::to_writer(&mut self.encoder, entry)?;
        self.encoder.write_all(b"\n")
    }

    /// Hands everything so far to the system.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }

    pub(super) fn is_full(&self) -> bool {
        self.encoder.get_ref().bytes >= LARGEST
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.encoder.finish().map(drop)
    }
}

/// A file, and how much was written to it.
struct Counted {
    file: File,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes = self.bytes.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The files in a directory, oldest first.
pub(super) fn segments(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING)) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Removes the oldest files until there is room for one more.
fn prune(directory: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for path in segments(directory)? {
        files.push((std::fs::metadata(&path)?.len(), path));
    }
    let mut all: u64 = files.iter().map(|(bytes, _)| *bytes).sum();
    for (bytes, path) in files {
        if all.saturating_add(LARGEST) <= ALL {
            break;
        }
        std::fs::remove_file(path)?;
        all = all.saturating_sub(bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_files_make_room() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..70_u64 {
            let file = File::create(folder.path().join(format!("{number:015}{ENDING}"))).unwrap();
            file.set_len(LARGEST).unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
        prune(folder.path()).unwrap();
        let left = segments(folder.path()).unwrap();
        assert_eq!(left.len(), 63);
        assert!(left[0].ends_with(format!("{:015}{ENDING}", 7)), "{left:?}");
        assert!(folder.path().join("notes.txt").exists());
    }
}
