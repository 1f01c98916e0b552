//! Keys and signatures that are none, and signatures that do not hold.

use super::file::SIGNATURE_LIMIT;
use super::key::KeyId;

/// Why a text is not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerKeyError {
    /// It is something else.
    #[error("is not a public key of minisign's: that is a line of 56 characters that begins with RW")]
    NotAKey,
    /// It is a secret key.
    #[error("is a secret key: keep it to yourself, and write the public one, from the file that ends in .pub")]
    Secret,
}

/// Why a signature does not hold. Each text continues "its signature FILE …".
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It changed while it was read.
    #[error("changed while it was read; write signatures to another name and rename them into place")]
    ChangedWhileRead,
    /// It is too large.
    #[error("is larger than a signature may be ({} bytes)", SIGNATURE_LIMIT)]
    TooLarge,
    /// It is something else, or a part of one.
    #[error("is not in minisign's format, or cut short; get it again, or make it anew: dogwatch plugin sign")]
    Malformed,
    /// It is of the file itself, and not of its hash.
    #[error("is of minisign's legacy kind; make it anew without -l: minisign -S, or dogwatch plugin sign")]
    Legacy,
    /// It is by another key.
    #[error(
        "is by key {found}, which is none of those that may sign plugins ({}); if that author is meant, add the key",
        listed(allowed)
    )]
    UnknownKey {
        /// The key that it says it is by.
        found: KeyId,
        /// The keys that are asked for.
        allowed: Vec<KeyId>,
    },
    /// It is not of this file, or not by the key that it names.
    #[error("does not fit the file: one of them was changed or replaced later; get both again, or sign the file anew")]
    Mismatch,
}

impl SignatureError {
    /// Whether it stays so until the signature or the plugin's file changes.
    pub(crate) const fn is_of_the_file(&self) -> bool {
        !matches!(self, Self::Unreadable(_) | Self::ChangedWhileRead)
    }
}

fn listed(keys: &[KeyId]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
