//! What became of the question to the policy.

use crate::decision::Decision;
use crate::failure::PolicyFailure;

/// What became of the question to the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyAnswer {
    /// The policy decided.
    Decided(Decision),
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

impl From<Result<Decision, PolicyFailure>> for PolicyAnswer {
    fn from(result: Result<Decision, PolicyFailure>) -> Self {
        result.map_or_else(Self::Failed, Self::Decided)
    }
}
