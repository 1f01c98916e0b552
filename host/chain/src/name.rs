//! Account names, under the rule of the nodes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An account name: 3 to 16 characters, made of dot-separated labels of at least three characters, each
/// starting with a letter, ending with a letter or digit, with letters, digits and dashes between.
///
/// It is kept as the nodes keep it, filled up with zeros, so that it compares like its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName([u8; LONGEST]);

/// How many characters a name has at most.
const LONGEST: usize = 16;

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
    pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
        let text = text.as_ref();
        let mut name = [0; LONGEST];
        match name.get_mut(..text.len()) {
            Some(start) if text.len() >= 3 && text.split('.').all(valid_label) => {
                start.copy_from_slice(text.as_bytes())
            }
            _ => return Err(NameError { text: text.chars().take(32).collect() }),
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let text = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        // Only text ever gets in.
        std::str::from_utf8(text).unwrap_or_default()
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
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
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
        name.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_nodes_rule() {
        for good in ["a-b", "initminer", "witness.one", "abc.def", "a1b", "good-karma", "a--b", "sixteen-letters1"] {
            assert_eq!(AccountName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "ab", "Alice", "1abc", "abc-", "abc.d", ".abc", "abc.", "a_b", "seventeen-letters", "ünï"] {
            assert!(AccountName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_compare_like_their_texts() {
        let texts = ["abc", "abc-d", "abc.def", "abc1", "abca", "abd", "sixteen-letters1"];
        let names = texts.map(|text| AccountName::new(text).unwrap());
        assert!(texts.is_sorted() && names.is_sorted());
        assert_eq!(format!("{:>5} {:?}", names[0], names[1]), "  abc \"abc-d\"");
    }
}
