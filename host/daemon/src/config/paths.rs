//! Where state and plugins are kept: as the configuration says (even one with errors), as systemd says, or by default.

use std::path::{Path, PathBuf};

use crate::config::file::{self, FileError};
use crate::config::problem::Problems;
use crate::config::reader::{At, Section};

const DEFAULT_STATE_DIR: &str = "/var/lib/dogwatch";

/// The longest socket path that Linux allows, in bytes.
const LONGEST_SOCKET: usize = 107;

/// A path that is unknown because the configuration cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path} {source}; name the right file with --config", path = .path.display())]
pub struct PathError {
    path: PathBuf,
    source: FileError,
}

impl PathError {
    pub(super) fn new(path: &Path, source: FileError) -> Self {
        Self { path: path.to_owned(), source }
    }
}

/// The state directory that the file names, if it names one.
fn state_dir_written(path: &Path) -> Option<PathBuf> {
    let text = file::read(path).ok()?;
    let (document, _) = toml::de::DeTable::parse_recoverable(&text);
    let written = document.get_ref().get("state_dir")?.get_ref().as_str()?;
    Some(PathBuf::from(written)).filter(|path| path.is_absolute())
}

/// The state directory when no file names one: systemd's, or the default.
pub fn default_state_dir() -> PathBuf {
    // systemd separates several with colons.
    let given = std::env::var("STATE_DIRECTORY").unwrap_or_default();
    let first = given.split(':').next().filter(|first| !first.is_empty());
    PathBuf::from(first.unwrap_or(DEFAULT_STATE_DIR))
}

/// The state directory of a daemon with this configuration. The file may be broken or missing.
pub fn state_dir_or_default(config: &Path) -> PathBuf {
    state_dir_written(config).unwrap_or_else(default_state_dir)
}

/// The state directory of a daemon with this configuration. The file may have errors.
///
/// # Errors
///
/// When the file cannot be read at all.
pub fn state_dir_of(config: &Path) -> Result<PathBuf, PathError> {
    file::read(config).map_err(|source| PathError::new(config, source))?;
    Ok(state_dir_or_default(config))
}

/// The plugin directory of this configuration, if it names one.
///
/// # Errors
///
/// When the file cannot be read, or is not TOML.
pub fn plugins_dir_of(config: &Path) -> Result<Option<PathBuf>, PathError> {
    let failed = |source| PathError::new(config, source);
    let text = file::read(config).map_err(failed)?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| failed(error.into()))?;
    Ok(table.get("plugins_dir").and_then(toml::Value::as_str).map(PathBuf::from))
}

/// Reads the state directory, and checks that the path can be one.
pub(super) fn state_dir(top: &mut Section<'_>, problems: &mut Problems) -> PathBuf {
    let Some(At { value, line }) = top.text("state_dir", problems) else { return default_state_dir() };
    let dir = PathBuf::from(&value);
    if !dir.is_absolute() {
        let text = format!("state_dir = {value:?} is relative: it would depend on where Dogwatch is started");
        top.error(problems, line, &text, "Write an absolute path, such as \"/var/lib/dogwatch\".");
        return dir;
    }
    let is_file = match std::fs::metadata(&dir) {
        Ok(metadata) => !metadata.is_dir(),
        Err(error) => error.kind() == std::io::ErrorKind::NotADirectory,
    };
    if is_file {
        let text = format!("state_dir = {value:?} is not a directory");
        top.error(problems, line, &text, "Name a directory, or a path where one can be created.");
    }
    let socket = dogwatch_client::socket_path(&dir);
    if socket.as_os_str().len() > LONGEST_SOCKET {
        let text = format!("state_dir is too long: {} would be longer than {LONGEST_SOCKET} bytes", socket.display());
        top.error(problems, line, &text, "Write a shorter path: Linux limits the length of socket paths.");
    }
    dir
}
