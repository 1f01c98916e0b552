//! An alert's identity.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cause::Cause;

/// The part of the system that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The daemon at a site.
    Daemon {
        /// The site's name.
        site: String,
    },
    /// A chain.
    Chain {
        /// Its name in the configuration.
        chain: String,
    },
    /// A witness on a chain.
    Witness {
        /// The chain's name in the configuration.
        chain: String,
        /// The account.
        witness: String,
    },
    /// A node that several witnesses of a chain share.
    Node {
        /// The chain's name in the configuration.
        chain: String,
        /// The node's name there.
        node: String,
    },
}

impl Scope {
    /// The daemon at this site.
    pub fn daemon(site: &str) -> Self {
        Self::Daemon { site: site.to_owned() }
    }

    /// This chain.
    pub fn chain(chain: &str) -> Self {
        Self::Chain { chain: chain.to_owned() }
    }

    /// This witness on this chain.
    pub fn witness(chain: &str, witness: &str) -> Self {
        Self::Witness { chain: chain.to_owned(), witness: witness.to_owned() }
    }

    /// This shared node on this chain.
    pub fn node(chain: &str, node: &str) -> Self {
        Self::Node { chain: chain.to_owned(), node: node.to_owned() }
    }
}

/// An alert's identity, the same from its opening to its resolution. Services get it as their dedup key, alias or tag.
///
/// Written `daemon/SITE/CAUSE`, `chain/CHAIN/CAUSE`, `witness/CHAIN/WITNESS/CAUSE` or `node/CHAIN/NODE/CAUSE`, followed by
/// `/PART` where a cause can have several alerts. A `/` or `%` in the name of a site, chain or node is written `%2F` or `%25`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertKey {
    /// What it is about.
    pub scope: Scope,
    /// What is wrong.
    pub cause: Cause,
    /// Which one, where a cause can have several alerts in one scope.
    pub part: Option<String>,
}

impl AlertKey {
    /// The one alert of this cause in this scope.
    pub fn new(scope: Scope, cause: Cause) -> Self {
        Self { scope, cause, part: None }
    }

    /// One of several alerts of this cause.
    pub fn part(scope: Scope, cause: Cause, part: &str) -> Self {
        Self { scope, cause, part: Some(part.to_owned()) }
    }

    /// The chain it is about, or empty.
    pub fn chain(&self) -> &str {
        match &self.scope {
            Scope::Daemon { .. } => "",
            Scope::Chain { chain } | Scope::Witness { chain, .. } | Scope::Node { chain, .. } => chain,
        }
    }

    /// The witness it is about, or empty.
    pub fn witness(&self) -> &str {
        match &self.scope {
            Scope::Daemon { .. } | Scope::Chain { .. } | Scope::Node { .. } => "",
            Scope::Witness { witness, .. } => witness,
        }
    }
}

/// A name as one segment of a key.
struct Segment<'a>(&'a str);

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('%', "%25").replace('/', "%2F"))
    }
}

fn name(segment: &str) -> String {
    segment.replace("%2F", "/").replace("%25", "%")
}

impl fmt::Display for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = self.cause;
        match &self.scope {
            Scope::Daemon { site } => write!(f, "daemon/{}/{cause}", Segment(site))?,
            Scope::Chain { chain } => write!(f, "chain/{}/{cause}", Segment(chain))?,
            Scope::Witness { chain, witness } => {
                write!(f, "witness/{}/{}/{cause}", Segment(chain), Segment(witness))?;
            }
            Scope::Node { chain, node } => write!(f, "node/{}/{}/{cause}", Segment(chain), Segment(node))?,
        }
        self.part.as_ref().map_or(Ok(()), |part| write!(f, "/{part}"))
    }
}

/// The text is not an alert key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an alert key")]
pub struct AlertKeyError(String);

impl FromStr for AlertKey {
    type Err = AlertKeyError;

    fn from_str(text: &str) -> Result<Self, AlertKeyError> {
        parse(text).ok_or_else(|| AlertKeyError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<AlertKey> {
    let (kind, rest) = text.split_once('/')?;
    let (first, rest) = rest.split_once('/')?;
    let (scope, rest) = match kind {
        "daemon" => (Scope::Daemon { site: name(first) }, rest),
        "chain" => (Scope::Chain { chain: name(first) }, rest),
        "witness" => {
            let (witness, rest) = rest.split_once('/')?;
            (Scope::Witness { chain: name(first), witness: name(witness) }, rest)
        }
        "node" => {
            let (node, rest) = rest.split_once('/')?;
            (Scope::Node { chain: name(first), node: name(node) }, rest)
        }
        _ => return None,
    };
    let (cause, part) = match rest.split_once('/') {
        Some((cause, part)) => (cause, Some(part.to_owned())),
        None => (rest, None),
    };
    Some(AlertKey { scope, cause: Cause::named(cause)?, part })
}

impl Serialize for AlertKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AlertKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_keep_their_written_form() {
        let cases = [
            ("chain/hive/blind", AlertKey::new(Scope::chain("hive"), Cause::Blind)),
            (
                "chain/hive/upgraded/api.example.com",
                AlertKey::part(Scope::chain("hive"), Cause::Upgraded, "api.example.com"),
            ),
            ("witness/hive/alice/missing", AlertKey::new(Scope::witness("hive", "alice"), Cause::Missing)),
            (
                "witness/hive/alice/refused/budget",
                AlertKey::part(Scope::witness("hive", "alice"), Cause::Refused, "budget"),
            ),
            ("node/hive/rack%2F1/beat", AlertKey::new(Scope::node("hive", "rack/1"), Cause::Beat)),
            ("daemon/fsn1/channel/pager", AlertKey::part(Scope::daemon("fsn1"), Cause::Channel, "pager")),
            ("daemon/fsn1/raised/a/b", AlertKey::part(Scope::daemon("fsn1"), Cause::Raised, "a/b")),
            ("daemon/a%2Fb%25/store", AlertKey::new(Scope::daemon("a/b%"), Cause::Store)),
        ];
        for (text, key) in cases {
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key), "{text}");
        }
        for bad in [
            "",
            "missing",
            "chain/hive",
            "witness/hive/alice",
            "node/hive/one",
            "chain/hive/no-such-cause",
            "moon/hive/blind",
        ] {
            assert_eq!(bad.parse::<AlertKey>(), Err(AlertKeyError(bad.to_owned())));
        }
    }

    #[test]
    fn every_cause_name_is_unique_and_reads_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::named(cause.name()), Some(*cause));
        }
    }

    proptest! {
        #[test]
        fn every_key_reads_back(first in ".+", second in ".+", part in proptest::option::of(".*"), scope in 0..4, cause in 0..Cause::ALL.len()) {
            let scope = match scope {
                0 => Scope::daemon(&first),
                1 => Scope::chain(&first),
                2 => Scope::node(&first, &second),
                _ => Scope::witness(&first, &second),
            };
            let key = AlertKey { scope, cause: Cause::ALL[cause], part };
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
}
