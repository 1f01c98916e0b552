//! Reads the journal.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::DIRECTORY;
use super::entry::JournalEntry;
use super::segment::segments;

/// Bytes of one entry at most: more is no journal.
const ENTRY: usize = 4 << 20;

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An entry is none.
    #[error("{}, entry {number}, is no decision of this version's journal: {source}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// Which entry, from 1.
        number: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Hands every entry on, oldest first: of a file, of a directory of files, or of a state directory. A file that ends in the middle, since
/// the daemon runs or was killed, is read as far as it goes.
///
/// # Errors
///
/// A file cannot be read, or is no journal; what `see` returns ends the reading as well.
pub fn read<E: From<JournalError>>(path: &Path, mut see: impl FnMut(JournalEntry) -> Result<(), E>) -> Result<(), E> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| JournalError::Io { path, source }
    };
    let within = path.join(DIRECTORY);
    let files = match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => vec![path.to_owned()],
        Ok(_) if within.is_dir() => segments(&within).map_err(io(&within))?,
        Ok(_) => segments(path).map_err(io(path))?,
        Err(error) => return Err(io(path)(error).into()),
    };
    for file in files {
        read_file(&file, &mut see)?;
    }
    Ok(())
}

fn read_file<E: From<JournalError>>(path: &Path, see: &mut impl FnMut(JournalEntry) -> Result<(), E>) -> Result<(), E> {
    let io = |source| JournalError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    for number in 1.. {
        let mut line = Vec::new();
        let read = io::Read::take(&mut lines, u64::try_from(ENTRY).unwrap_or(u64::MAX)).read_until(b'\n', &mut line);
        match read {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(io(error).into()),
            // Half an entry at the end of a file that is still written.
            Ok(_) if line.last() != Some(&b'\n') && line.len() < ENTRY => return Ok(()),
            Ok(_) => {}
        }
        let entry = serde_json::from_slice(&line).map_err(|source| JournalError::Entry {
            path: path.to_owned(),
            number,
            source,
        })?;
        see(entry)?;
    }
    Ok(())
}
