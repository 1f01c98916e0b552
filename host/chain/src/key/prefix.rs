//! What a public key's text starts with.

use serde::{Deserialize, Serialize};

use super::error::KeyError;

/// What a public key's text starts with: `STM`, or `TST` on older test networks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// The prefix on all main networks.
    pub fn stm() -> Self {
        Self("STM".into())
    }

    /// A prefix of one to eight capital letters.
    ///
    /// # Errors
    ///
    /// [`KeyError::Prefix`] for any other text.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Prefix { expected: "1 to 8 capital letters".into(), found: text.chars().take(8).collect() })
        }
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyPrefix {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::new(&text)
    }
}

impl From<KeyPrefix> for String {
    fn from(prefix: KeyPrefix) -> Self {
        prefix.0
    }
}
