//! Account names, under the rule of the nodes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An account name: 3 to 16 characters, made of dot-separated labels of at least three characters, each
/// starting with a letter, ending with a letter or digit, with letters, digits and dashes between.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// Why a text is not an account name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not an account name: 3 to 16 of a-z, 0-9, '-' and '.', each part starting with a letter and at least 3 long"
)]
pub struct NameError {
    text: String,
}

impl AccountName {
    /// Checks `text` against the rule of `is_valid_account_name` in the nodes.
    ///
    /// # Errors
    ///
    /// The text is not an account name.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let valid = (3..=16).contains(&text.len()) && text.split('.').all(valid_label);
        if valid { Ok(Self(text)) } else { Err(NameError { text: text.chars().take(32).collect() }) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn valid_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    bytes.len() >= 3
        && first.is_ascii_lowercase()
        && (last.is_ascii_lowercase() || last.is_ascii_digit())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl FromStr for AccountName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl TryFrom<String> for AccountName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_nodes_rule() {
        for good in ["a-b", "initminer", "witness.one", "abc.def", "a1b", "good-karma", "a--b"] {
            assert!(AccountName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "Alice", "1abc", "abc-", "abc.d", ".abc", "abc.", "a_b", "seventeen-letters", "ünï"] {
            assert!(AccountName::new(bad).is_err(), "{bad}");
        }
    }
}
