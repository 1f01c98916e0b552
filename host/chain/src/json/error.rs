//! Why JSON is not a transaction.

use crate::asset::AssetError;
use crate::key::{KeyError, SignatureError};
use crate::name::NameError;
use crate::time::TimeError;

/// Why JSON is not a transaction that Dogwatch can read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionJsonError {
    /// A member is missing, unknown or of the wrong type. Nodes silently fill in defaults, and then the signature no
    /// longer fits, so every member is required here.
    #[error("not a transaction: {0}")]
    Shape(#[from] serde_json::Error),
    /// An operation other than the two known ones.
    #[error("Dogwatch does not sign operation {0:?}, only witness_set_properties and witness_update")]
    Operation(String),
    /// Extensions: none is known.
    #[error("{0} has extensions: Dogwatch knows none")]
    Extensions(&'static str),
    /// A bad account name.
    #[error("owner: {0}")]
    Name(#[from] NameError),
    /// A bad key.
    #[error("{field}: {source}")]
    Key {
        /// The member.
        field: &'static str,
        /// Why it is not a key.
        source: KeyError,
    },
    /// A bad amount.
    #[error("{field}: {source}")]
    Asset {
        /// The member.
        field: &'static str,
        /// Why it is not an amount.
        source: AssetError,
    },
    /// A bad time.
    #[error("expiration: {0}")]
    Time(#[from] TimeError),
    /// A property's value is not hexadecimal.
    #[error("props[{name:?}] is not hexadecimal: {source}")]
    Hex {
        /// The property's name.
        name: String,
        /// Why it is not hexadecimal.
        source: hex::FromHexError,
    },
    /// A property occurs twice.
    #[error("props[{0:?}] occurs twice")]
    Duplicate(String),
    /// The interest rate is missing, or has the name of another chain.
    #[error("props lacks {expected}, the interest rate on this chain")]
    Interest {
        /// Its name on this chain.
        expected: &'static str,
    },
    /// A bad signature.
    #[error("signatures: {0}")]
    Signature(#[from] SignatureError),
}
