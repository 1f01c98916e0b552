//! Private keys in a configuration.

use dogwatch_chain::{KeyError, SecretKey};
use serde::Deserialize;

use crate::seed::derive_key;

/// A private key: a WIF, or `seed:` and a text whose sha256 is the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct KeySource(SecretKey);

impl KeySource {
    /// The private key.
    pub fn secret(&self) -> &SecretKey {
        &self.0
    }
}

impl From<SecretKey> for KeySource {
    fn from(key: SecretKey) -> Self {
        Self(key)
    }
}

impl TryFrom<String> for KeySource {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.strip_prefix("seed:").map_or_else(|| SecretKey::from_wif(&text), |seed| Ok(derive_key(seed))).map(Self)
    }
}
