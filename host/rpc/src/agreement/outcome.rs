//! What the endpoints agree on.

use dogwatch_chain::{BlockNum, Head, PublicKey, Schedule, WitnessState};

use crate::agreement::standing::{AgreementVerdict, Standing};
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

/// What the endpoints say of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessAgreement {
    /// The quorum, and more than half of them, say this. Nodes answer from pending state: only blocks prove it.
    Agreed(WitnessState),
    /// They name different keys.
    Split(Vec<PublicKey>),
    /// The quorum says that there is no such witness.
    NoSuchWitness,
    /// Too few say anything about it.
    Unknown,
}
