//! Chain ids: what keeps a transaction for one chain from being valid on another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A chain id: 32 bytes that go into every signature digest, so that a transaction for one chain is invalid on another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainId([u8; 32]);

/// A text that is not a chain id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chain id is 64 hexadecimal digits, found {length} characters")]
pub struct ChainIdError {
    length: usize,
}

impl ChainId {
    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for ChainId {
    type Err = ChainIdError;
    fn from_str(text: &str) -> Result<Self, ChainIdError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ChainIdError { length: text.chars().count() })?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<String> for ChainId {
    type Error = ChainIdError;
    fn try_from(text: String) -> Result<Self, ChainIdError> {
        text.parse()
    }
}

impl From<ChainId> for String {
    fn from(id: ChainId) -> Self {
        id.to_string()
    }
}
