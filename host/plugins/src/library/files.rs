//! Files in the operator's plugin directory.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::error::LoadProblem;
use super::origin::PluginOrigin;
use super::rules::FileRules;
use super::stamp::{FileStamp, PluginStamp};
use crate::error::load::LoadError;
use crate::limits::NAME;
use crate::text::{is_deceptive, sanitize};

const NOT_REGULAR: &str = "it is not a regular file; put the file itself there, not a link to it";

/// Path and stamp of each plugin file, by the plugin's name.
pub(super) type PluginFiles = BTreeMap<String, (PathBuf, PluginStamp)>;

/// Finds every `name.wasm` that is a regular file; of all others of that ending, why they are none. Skips hidden files, and files
/// with other endings, as half-copied ones have.
pub(super) fn scan(directory: &Path, rules: &FileRules) -> (PluginFiles, Vec<LoadProblem>) {
    let (mut found, mut problems) = (PluginFiles::new(), Vec::new());
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => {
            let origin = PluginOrigin::File(directory.to_owned());
            return (found, vec![LoadProblem { name: "directory".to_owned(), origin, error: error.into() }]);
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Some(name) = plugin_name(&path) else {
            continue;
        };
        match name.and_then(|name| Ok((name, regular(&entry)?))) {
            Ok((name, wasm)) => {
                let stamp = PluginStamp { wasm, signature: rules.signature_stamp(&path) };
                found.insert(name, (path, stamp));
            }
            Err(error) => {
                let name = sanitize(&path.file_stem().unwrap_or_default().to_string_lossy(), NAME);
                problems.push(LoadProblem { name, origin: PluginOrigin::File(path), error });
            }
        }
    }
    (found, problems)
}

/// The name of the plugin in this file; nothing if it is not meant as one.
fn plugin_name(path: &Path) -> Option<Result<String, LoadError>> {
    let file = path.file_name()?;
    let Some(name) = file.to_str() else {
        return file.as_encoded_bytes().ends_with(b".wasm").then_some(Err(LoadError::BadName));
    };
    let name = name.strip_suffix(".wasm")?;
    if name.is_empty() || name.starts_with('.') {
        return None;
    }
    let fits = name.len() <= NAME && !name.contains(is_deceptive);
    Some(if fits { Ok(name.to_owned()) } else { Err(LoadError::BadName) })
}

/// The stamp of a regular file. Refuses anything else, such as a link out of the directory.
fn regular(entry: &DirEntry) -> Result<FileStamp, LoadError> {
    let metadata = entry.metadata()?;
    if metadata.is_file() { Ok(FileStamp::of(&metadata)) } else { Err(io::Error::other(NOT_REGULAR).into()) }
}

/// Opens a regular file. What was one when the directory was listed may be a link or a pipe by now: neither is followed, and
/// nobody waits for a writer.
fn open(path: &Path) -> Result<File, io::Error> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| if is_link(&error) { io::Error::other(NOT_REGULAR) } else { error })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other(NOT_REGULAR)) }
}

/// Whether a file was not opened because it is a link.
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// The stamp of what lies there, a link or a directory too; nothing if nothing does.
pub(super) fn stamp(path: &Path) -> Option<FileStamp> {
    fs::symlink_metadata(path).ok().map(|metadata| FileStamp::of(&metadata))
}

/// The first bytes of a file.
pub(super) fn read_start(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    open(path)?.take(1024).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that was read.
pub(crate) struct PluginFile {
    pub(crate) bytes: Vec<u8>,
    /// The stamp of exactly what was read.
    pub(super) stamp: FileStamp,
    /// Of the file that was open, whatever the path leads to by now.
    pub(super) metadata: Metadata,
}

/// The whole file.
pub(crate) fn read(path: &Path, limit: u64) -> Result<PluginFile, LoadError> {
    let mut file = open(path)?;
    let metadata = file.metadata()?;
    let before = FileStamp::of(&metadata);
    if before.length() > limit {
        return Err(LoadError::TooLarge { limit });
    }
    let mut bytes = Vec::new();
    (&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    let after = FileStamp::of(&file.metadata()?);
    if before != after || u64::try_from(bytes.len()).is_ok_and(|length| length != after.length()) {
        return Err(LoadError::ChangedWhileRead);
    }
    Ok(PluginFile { bytes, stamp: after, metadata })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_files_name_plugins() {
        let name = |path: &str| plugin_name(Path::new(path)).map(Result::unwrap);
        assert_eq!(name("/p/mine.wasm").as_deref(), Some("mine"));
        assert_eq!(name("/p/my.own.wasm").as_deref(), Some("my.own"));
        for path in [
            "/p/.wasm",
            "/p/.mine.wasm",
            "/p/mine.wasm.tmp",
            "/p/mine.wasm~",
            "/p/mine.wasm.minisig",
            "/p/mine.cwasm",
            "/p/mine",
            "/",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
        for path in ["/p/a\nb.wasm", "/p/\u{202e}a.wasm", &format!("/p/{}.wasm", "x".repeat(NAME + 1))] {
            assert!(matches!(plugin_name(Path::new(path)), Some(Err(LoadError::BadName))), "{path}");
        }
    }
}
