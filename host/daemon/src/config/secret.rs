//! Secrets: from files that only their owner can read, from the environment, or from systemd credentials.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::config::problem::Problems;
use crate::config::reader::{Item, Section};

/// A secret text. Its `Debug` output does not reveal it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text. Only for the place that needs it, never for a log or an error.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// In a file with mode 0600 or less.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
    /// In a systemd credential (`LoadCredential=`).
    Credential(String),
}

/// Why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// Other users can read it.
    #[error("{path} has mode {mode:04o}: users other than its owner can read it")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("{path} belongs to user {owner}, not to the user Dogwatch runs as")]
    Owner {
        /// The file.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
    },
    /// It is not a regular file.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    NoVariable(String),
    /// systemd has passed no credentials.
    #[error("credential {0:?} is not available: $CREDENTIALS_DIRECTORY is not set")]
    NoCredentials(String),
    /// It is empty.
    #[error("the secret is empty")]
    Empty,
}

impl SecretError {
    fn remedy(&self) -> String {
        match self {
            Self::Unreadable { path, .. } => format!("Put the secret into {} with mode 0600.", path.display()),
            Self::Mode { path, .. } => format!("Run: chmod 600 {}", path.display()),
            Self::Owner { path, .. } => {
                format!("Give it to the user Dogwatch runs as: chown dogwatch {}", path.display())
            }
            Self::NotAFile(_) => "Name a regular file.".to_owned(),
            Self::NoVariable(name) => format!("Set {name}; better still, use a file or a systemd credential."),
            Self::NoCredentials(name) => format!("Add LoadCredential={name}:… to the systemd unit."),
            Self::Empty => "Put the secret into the file, variable or credential that is configured.".to_owned(),
        }
    }
}

impl SecretSource {
    /// Reads `{ file = "…" }`, `{ env = "…" }` or `{ credential = "…" }`.
    pub(super) fn read(item: Item<'_>, problems: &mut Problems) -> Option<Self> {
        let mut section = match item {
            Item::Table(section) => section,
            Item::Text(text) => {
                problems.error(
                    Some(text.line),
                    "the configuration contains the secret itself".to_owned(),
                    "Put it into a file, and write { file = \"/path\" }, or { env = \"NAME\" }, or { credential = \"name\" }.",
                );
                return None;
            }
        };
        let file = section.text("file", problems).map(|at| Self::File(at.value.into()));
        let env = section.text("env", problems).map(|at| Self::Env(at.value));
        let credential = section.text("credential", problems).map(|at| Self::Credential(at.value));
        let mut given = [file, env, credential].into_iter().flatten();
        let source = match (given.next(), given.next()) {
            (Some(source), None) => Some(source),
            _ => {
                one_of_three(&section, problems);
                None
            }
        };
        section.finish(problems);
        source
    }

    /// Fetches the secret, without white space around it.
    ///
    /// # Errors
    ///
    /// When the secret is missing or empty, or when its file is not private.
    pub fn fetch(&self) -> Result<Secret, SecretError> {
        let text = match self {
            Self::File(path) => read_private(path)?,
            Self::Env(name) => std::env::var(name).map_err(|_| SecretError::NoVariable(name.clone()))?,
            Self::Credential(name) => {
                let directory = std::env::var_os("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
                // systemd itself keeps the files in there private.
                let path = PathBuf::from(directory).join(name);
                std::fs::read_to_string(&path).map_err(|source| SecretError::Unreadable { path, source })?
            }
        };
        let text = Zeroizing::new(text);
        let trimmed = text.trim();
        if trimmed.is_empty() { Err(SecretError::Empty) } else { Ok(Secret::new(trimmed.to_owned())) }
    }

    /// Fetches it, or reports the problem.
    pub(super) fn fetch_or_report(&self, what: &str, line: usize, problems: &mut Problems) -> Option<Secret> {
        match self.fetch() {
            Ok(secret) => Some(secret),
            Err(error) => {
                problems.error(Some(line), format!("{what}: {error}"), error.remedy());
                None
            }
        }
    }
}

fn one_of_three(section: &Section<'_>, problems: &mut Problems) {
    let remedy = "Write exactly one of file, env or credential.";
    section.error(problems, section.line(), "the secret needs exactly one source", remedy);
}

/// Reads a file that must be private to the user Dogwatch runs as.
///
/// # Errors
///
/// When the file cannot be read, is not a regular file, or is open to other users.
pub fn read_private(path: &Path) -> Result<String, SecretError> {
    let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
    let opened = open_regular(path).map_err(unreadable)?;
    let (mut file, metadata) = opened.ok_or_else(|| SecretError::NotAFile(path.to_owned()))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Mode { path: path.to_owned(), mode });
    }
    // Only root can change root's files; any other user could change theirs under us.
    let me = std::fs::metadata("/proc/self").map(|own| own.uid()).unwrap_or(0);
    if metadata.uid() != me && metadata.uid() != 0 {
        return Err(SecretError::Owner { path: path.to_owned(), owner: metadata.uid() });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Opens a regular file. The metadata is that of the open file, since the path may lead elsewhere a moment later.
/// `None` when the path is something else, such as a directory or a pipe.
pub(super) fn open_regular(path: &Path) -> std::io::Result<Option<(File, Metadata)>> {
    // Opening a pipe blocks until somebody writes into it.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}
