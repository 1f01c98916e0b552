//! What the endpoints agree on.

use dogwatch_agreement::{AgreementVerdict, Standing, WitnessAgreement};
use dogwatch_chain::{BlockNum, Head, Schedule};

use crate::endpoint::EndpointIndex;

/// What the endpoints agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointAgreement {
    /// How well they agree.
    pub verdict: AgreementVerdict,
    /// The highest head that the quorum has shown, fresh and undisputed; `None` unless the verdict is good.
    pub head: Option<Head>,
    /// The highest irreversible block that the quorum has reached.
    pub irreversible: Option<BlockNum>,
    /// The schedule that the quorum shows for that head.
    pub schedule: Option<Schedule>,
    /// What they say of each witness asked for, in that order.
    pub witnesses: Vec<WitnessAgreement>,
    /// What each endpoint's answer is worth, in the order of the voices.
    pub standings: Vec<(EndpointIndex, Standing)>,
}
