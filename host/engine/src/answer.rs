//! What became of the question to the policy.

use crate::decision::Decision;
use crate::failure::PolicyFailure;
use crate::memory::PolicyFile;

/// What became of the question to the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyAnswer {
    /// The policy decided: this file of it. The memory in the decision is that file's.
    Decided(PolicyFile, Decision),
    /// The policy failed, and another one decided in its place. The memory in that decision is the other one's.
    Replaced {
        /// Why the policy did not decide.
        failure: PolicyFailure,
        /// The name of the policy that did.
        by: String,
        /// Its decision.
        decision: Decision,
    },
    /// The policy failed, and nothing decided in its place.
    Failed(PolicyFailure),
}

impl PolicyAnswer {
    /// The answer of a policy in whose place no other one decides.
    pub fn of(file: PolicyFile, result: Result<Decision, PolicyFailure>) -> Self {
        result.map_or_else(Self::Failed, |decision| Self::Decided(file, decision))
    }
}
