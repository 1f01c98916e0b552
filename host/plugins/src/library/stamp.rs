//! How a changed file is recognised.

use std::fs::Metadata;
use std::time::SystemTime;

/// What changes with a file: its time of modification, its length in bytes, its inode, and when any of its owner, mode or name changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
    changed: (i64, i64),
}

impl FileStamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            inode: inode(metadata),
            changed: changed(metadata),
        }
    }
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> (i64, i64) {
    (0, 0)
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// What changes when a plugin must be looked at again: its file, or its signature where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PluginStamp {
    pub(super) wasm: FileStamp,
    /// Of what lies beside the file in the signature's place.
    pub(super) signature: Option<FileStamp>,
}

impl FileStamp {
    /// The file's length, in bytes.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }
}
