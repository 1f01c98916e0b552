//! One decision.

use dogwatch_engine::{Decision, PolicyAnswer, Situation};
use serde::{Deserialize, Serialize};

/// A situation, and what came of asking about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// The policy that decided, if any did.
    pub policy: Option<PolicyIdentity>,
    /// What the policy had asked to keep, in hexadecimal.
    pub memory: String,
    /// What it was told.
    pub situation: Situation,
    /// What it said.
    pub answer: Answer,
}

/// Which policy decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyIdentity {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its file, in hexadecimal.
    pub sha256: String,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The configured policy decided.
    Decided(Decision),
    /// It failed, for that reason, and the fallback policy decided.
    Replaced(String, Decision),
    /// Nothing decided, for that reason.
    Failed(String),
}

impl Answer {
    /// Why the configured policy did not decide, if it did not.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Self::Decided(_) => None,
            Self::Replaced(why, _) | Self::Failed(why) => Some(why),
        }
    }

    /// The decision, if there was one.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decided(decision) | Self::Replaced(_, decision) => Some(decision),
            Self::Failed(_) => None,
        }
    }
}

impl From<&PolicyAnswer> for Answer {
    fn from(answer: &PolicyAnswer) -> Self {
        match answer {
            PolicyAnswer::Decided(_, decision) => Self::Decided(decision.clone()),
            PolicyAnswer::Replaced { failure, decision, .. } => {
                Self::Replaced(failure.as_str().to_owned(), decision.clone())
            }
            PolicyAnswer::Failed(failure) => Self::Failed(failure.as_str().to_owned()),
        }
    }
}
