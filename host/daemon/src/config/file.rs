//! Reading the configuration file.

use std::io::Read as _;
use std::path::Path;

use crate::config::secret;

/// Why a configuration file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system cannot read it.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is a directory, a pipe or a device.
    #[error("cannot be read: it is a directory, pipe or device, and must be a regular file")]
    NotRegular,
    /// It is not TOML.
    #[error("is not TOML: {0}")]
    Syntax(#[from] toml::de::Error),
}

/// Reads the configuration file.
pub(super) fn read(path: &Path) -> Result<String, FileError> {
    let (mut file, _) = secret::open_regular(path)?.ok_or(FileError::NotRegular)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}
