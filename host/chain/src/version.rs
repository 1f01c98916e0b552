//! The version of a chain's software.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A version of the chain's software, as nodes write it: `major.hardfork.revision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainVersion {
    major: u32,
    hardfork: u32,
    revision: u32,
}

/// The text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version such as \"1.28.6\"")]
pub struct VersionError(String);

impl ChainVersion {
    /// Whether it knows the consensus rules of the other: those of its hardfork. The revision changes no rule.
    pub fn knows_rules_of(self, other: Self) -> bool {
        (self.major, self.hardfork) >= (other.major, other.hardfork)
    }
}

impl FromStr for ChainVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let mut parts = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| digits)
        });
        let mut next = || parts.next().flatten();
        let version =
            next().zip(next()).zip(next()).map(|((major, hardfork), revision)| Self { major, hardfork, revision });
        version.filter(|_| parts.next().is_none()).ok_or_else(|| VersionError(text.to_owned()))
    }
}

impl fmt::Display for ChainVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.hardfork, self.revision)
    }
}

impl TryFrom<String> for ChainVersion {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<ChainVersion> for String {
    fn from(version: ChainVersion) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ChainVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(version("0.23.1").to_string(), "0.23.1");
        for wrong in ["", "1", "1.28", "1.28.6.1", "1.28.x", "1..6", "+1.28.6", "1.28.4294967296", "v1.28.6"] {
            assert_eq!(wrong.parse::<ChainVersion>(), Err(VersionError(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn rules_change_with_the_hardfork() {
        let majority = version("1.28.6");
        for (text, knows) in [
            ("1.28.6", true),
            ("1.28.0", true),
            ("1.29.0", true),
            ("2.0.0", true),
            ("1.27.11", false),
            ("0.99.9", false),
        ] {
            assert_eq!(version(text).knows_rules_of(majority), knows, "{text}");
        }
    }
}
