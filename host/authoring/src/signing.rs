//! Signs plugin files, in the format of minisign.

mod files;
mod key;

pub use files::{put_signature, write_pair};
pub use key::{NewPair, Protection, SigningKey};

use std::path::PathBuf;

/// Why something was not signed, or no key was made. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// It is no secret key.
    #[error("is not a secret key of minisign's; to make one: dogwatch plugin sign --new-key PATH")]
    NotAKey,
    /// Another password protects it.
    #[error("is protected by another password")]
    WrongPassword,
    /// No key could be made, or nothing be signed with it.
    #[error("cannot be used: {0}")]
    Failed(String),
    /// A key is there already.
    #[error("{} is there already, and a key is never overwritten; name another file", .0.display())]
    KeyExists(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}
