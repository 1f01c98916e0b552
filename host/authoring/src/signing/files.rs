//! Puts keys and signatures in place: whole, and keys never over others.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::SigningError;
use super::key::NewPair;

/// Who may read a secret key: its owner.
const PRIVATE: u32 = 0o600;
/// Who may read what is public: whom the umask lets.
const PUBLIC: u32 = 0o666;

/// Writes a pair of keys: the secret one to that path with mode 0600, the public one beside it, with `.pub` after the whole name.
/// Returns the path of the public one.
///
/// # Errors
///
/// One of the files is there already, or cannot be written. Then neither is.
pub fn write_pair(path: &Path, pair: &NewPair) -> Result<PathBuf, SigningError> {
    let public = with(path, ".pub");
    put_new(path, PRIVATE, &pair.secret)?;
    if let Err(error) = put_new(&public, PUBLIC, &pair.public) {
        // Nothing has been signed with it.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(public)
}

/// Puts the signature of a plugin's file beside it, in the place of one that is there. Returns its path.
///
/// # Errors
///
/// It cannot be written.
pub fn put_signature(plugin: &Path, text: &str) -> Result<PathBuf, SigningError> {
    let path = with(plugin, ".minisig");
    let written = whole(&path, PUBLIC, text).and_then(|file| Ok(file.persist(&path)?));
    written.map_err(|source| SigningError::Write { path: path.clone(), source })?;
    Ok(path)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(ending);
    path.into()
}

fn put_new(path: &Path, mode: u32, text: &str) -> Result<(), SigningError> {
    let written = whole(path, mode, text).and_then(|file| Ok(file.persist_noclobber(path)?));
    written.map(drop).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => SigningError::KeyExists(path.to_owned()),
        _ => SigningError::Write { path: path.to_owned(), source },
    })
}

/// The whole file under another name, in the same folder.
fn whole(path: &Path, mode: u32, text: &str) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (prefix, mode) = (format!(".{name}."), Permissions::from_mode(mode));
    let mut file = tempfile::Builder::new().prefix(&prefix).suffix(".part").permissions(mode).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_key_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("author.key");
        let pair = NewPair::generate(None).unwrap();
        let public = write_pair(&path, &pair).unwrap();
        assert_eq!(names(folder.path()), ["author.key", "author.key.pub"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&public).unwrap(), pair.public);
        let other = NewPair::generate(None).unwrap();
        assert!(matches!(write_pair(&path, &other), Err(SigningError::KeyExists(there)) if there == path));
        assert_eq!(fs::read_to_string(&path).unwrap(), *pair.secret);
        fs::remove_file(&path).unwrap();
        assert!(matches!(write_pair(&path, &other), Err(SigningError::KeyExists(there)) if there == public));
        assert_eq!(names(folder.path()), ["author.key.pub"], "no half of a pair is left");
        assert_eq!(fs::read_to_string(&public).unwrap(), pair.public);
    }

    #[test]
    fn a_signature_takes_the_place_of_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("mine.wasm");
        for text in ["one", "two"] {
            let path = put_signature(&plugin, text).unwrap();
            assert_eq!(fs::read_to_string(path).unwrap(), text);
            assert_eq!(names(folder.path()), ["mine.wasm.minisig"]);
        }
    }
}
