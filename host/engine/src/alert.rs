//! Alerts: what they are about, how bad they are, and which message belongs to which.

use std::fmt;

use dogwatch_chain::{AccountName, Time};
use serde::{Deserialize, Serialize};

/// How bad it is, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it in the morning.
    Warning,
    /// Look at it now.
    Critical,
    /// Wake somebody.
    Page,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Page => "page",
        })
    }
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The daemon itself.
    Daemon,
    /// A chain, as its endpoints show it.
    Chain(String),
    /// An endpoint of a chain: the chain's name and the endpoint's, without tokens.
    Endpoint(String, String),
    /// A witness.
    Witness(AccountName),
    /// A witness's node.
    Node(AccountName, String),
    /// A plugin.
    Plugin(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daemon => f.write_str("daemon"),
            Self::Chain(name) => write!(f, "chain {name}"),
            Self::Endpoint(chain, name) => write!(f, "endpoint {name} of chain {chain}"),
            Self::Witness(name) => write!(f, "witness {name}"),
            Self::Node(witness, node) => write!(f, "node {node} of witness {witness}"),
            Self::Plugin(name) => write!(f, "plugin {name}"),
        }
    }
}

/// An alert's identity: the same from its opening to its resolution. Becomes the services' dedup key, alias or tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertKey(pub String);

impl AlertKey {
    /// The kind of trouble, in one word: keys are `chain/NAME/CAUSE`, `witness/CHAIN/WITNESS/CAUSE` or
    /// `daemon/SITE/CAUSE`, and may go on.
    pub fn cause(&self) -> &str {
        let place = if self.0.starts_with("witness/") { 3 } else { 2 };
        self.0.split('/').nth(place).or_else(|| self.0.rsplit('/').next()).unwrap_or_default()
    }
}

impl fmt::Display for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A time as messages write it.
pub(crate) fn utc(at: Time) -> String {
    let whole = Time::from_secs(at.as_secs()).to_string();
    format!("{} UTC", whole.replacen('T', " ", 1))
}

/// Where in its life an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertEvent {
    /// It is new.
    Opened,
    /// It is still open, and something about it changed or it is time to say so again.
    Updated,
    /// Nobody acknowledged it in time, and it goes to whoever is next.
    Escalated,
    /// Somebody has taken it on.
    Acknowledged,
    /// It is over.
    Resolved,
    /// A report or a digest: nothing is open, and nothing will be resolved.
    Report,
}

/// One message about an alert, in words for the human who is woken by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Which alert.
    pub key: AlertKey,
    /// Where in its life it is.
    pub event: AlertEvent,
    /// How bad it is, or was at its worst: while an alert is open this never goes down, nor does it when it is over.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// The chain it happened on, or empty.
    pub chain: String,
    /// One line: what happened.
    pub summary: String,
    /// What Dogwatch saw, did and will do.
    pub details: String,
    /// What the human must do.
    pub remedy: String,
    /// The one command to type, or empty.
    #[serde(default)]
    pub command: String,
    /// Who acknowledged it, or empty.
    #[serde(default)]
    pub acknowledged_by: String,
    /// When it opened.
    pub opened_at: Time,
    /// When this message was made.
    pub at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_cause() {
        let cases = [
            ("chain/hive/blind", "blind"),
            ("chain/hive/upgraded/api.example.com", "upgraded"),
            ("witness/hive/alice/missing", "missing"),
            ("witness/hive/alice/refused/budget", "refused"),
            ("daemon/fsn1/channel/pager", "channel"),
            ("missing", "missing"),
            ("", ""),
        ];
        for (key, cause) in cases {
            assert_eq!(AlertKey(key.to_owned()).cause(), cause, "{key}");
        }
    }

    #[test]
    fn times_are_whole_seconds_of_utc() {
        assert_eq!(utc(Time::from_millis(1_700_000_000_999)), "2023-11-14 22:13:20 UTC");
    }
}
