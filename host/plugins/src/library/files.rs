//! The operator's directory.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{LoadProblem, Origin};
use crate::error::LoadError;

/// By what a changed file is told from an unchanged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { modified: metadata.modified().ok(), length: metadata.len(), inode: inode(metadata) }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

pub(super) type Found = BTreeMap<String, (PathBuf, Stamp)>;

/// Every `name.wasm` that is a regular file. Hidden files, directories and files with other endings, which is what
/// half-copied ones have, are passed over.
pub(super) fn scan(directory: &Path) -> (Found, Vec<LoadProblem>) {
    let (mut found, mut problems) = (Found::new(), Vec::new());
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => {
            let origin = Origin::File(directory.to_owned());
            return (found, vec![LoadProblem { name: "directory".to_owned(), origin, error: error.into() }]);
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Some(name) = plugin_name(&path) else {
            continue;
        };
        match regular(&entry) {
            Ok(Some(stamp)) => {
                found.insert(name, (path, stamp));
            }
            Ok(None) => {}
            Err(error) => {
                problems.push(LoadProblem { name, origin: Origin::File(path), error: error.into() });
            }
        }
    }
    (found, problems)
}

/// The name of the plugin in a file, if the file's name is a plugin's.
fn plugin_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".wasm")?;
    (!name.is_empty() && !name.starts_with('.')).then(|| name.to_owned())
}

/// The stamp of a regular file; nothing for a directory. Anything else, such as a link out of the directory, is refused.
fn regular(entry: &DirEntry) -> Result<Option<Stamp>, io::Error> {
    let metadata = entry.metadata()?;
    if metadata.is_file() {
        Ok(Some(Stamp::of(&metadata)))
    } else if metadata.is_dir() {
        Ok(None)
    } else {
        Err(io::Error::other("it is no regular file; put the file itself there, not a link to it"))
    }
}

/// The first bytes of a file.
pub(super) fn beginning(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(1024).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The whole file, and the stamp of just what was read.
pub(super) fn read(path: &Path, limit: u64) -> Result<(Vec<u8>, Stamp), LoadError> {
    let mut file = File::open(path)?;
    let before = Stamp::of(&file.metadata()?);
    if before.length > limit {
        return Err(LoadError::TooLarge { limit });
    }
    let mut bytes = Vec::new();
    (&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    let after = Stamp::of(&file.metadata()?);
    if before != after || u64::try_from(bytes.len()).is_ok_and(|length| length != after.length) {
        return Err(LoadError::Unsettled);
    }
    Ok((bytes, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_files_that_are_whole() {
        let name = |path: &str| plugin_name(Path::new(path));
        assert_eq!(name("/p/mine.wasm").as_deref(), Some("mine"));
        assert_eq!(name("/p/my.own.wasm").as_deref(), Some("my.own"));
        for path in ["/p/.wasm", "/p/.mine.wasm", "/p/mine.wasm.tmp", "/p/mine.wasm~", "/p/mine.cwasm", "/p/mine", "/"]
        {
            assert_eq!(name(path), None, "{path}");
        }
    }
}
