//! The messages that a chain's task handles.

use std::time::Duration;

use dogwatch_chain::{AccountName, Block, TransactionId};
use dogwatch_client::{ChainStatus, SwitchKind};
use dogwatch_engine::{
    Holder, Lifetime, NodeIndex, PolicyMemory, Probe, ProbeFailure, Refusal, SendReport, Situation, Strength,
};
use dogwatch_rpc::{EndpointIndex, PollAnswer, WireEvent};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::chain::beats::Heard;
use crate::chain::policy::{Policy, PolicyRole};
use crate::chain::rehearse::WitnessRehearsal;

/// A message to a chain's task.
#[derive(Debug)]
pub enum Message {
    /// The endpoints were polled: when the last answer came, and the answers.
    Polled(Instant, Vec<PollAnswer>),
    /// Blocks were read from this endpoint, or `None` if they could not be read.
    Blocks(Option<(EndpointIndex, Vec<Block>)>),
    /// A node was probed.
    Probed(usize, NodeIndex, Result<Probe, ProbeFailure>),
    /// Something happened to a node's tripwire.
    Wire(usize, NodeIndex, WireEvent),
    /// A node's own machine said something, or says nothing any more.
    Beat(usize, NodeIndex, Heard),
    /// A transaction was sent to the endpoints.
    Sent(usize, TransactionId, SendReport),
    /// Someone asks for the status.
    Status(oneshot::Sender<ChainStatus>),
    /// The operator wants a switch.
    Switch(AccountName, Holder, SwitchKind, oneshot::Sender<SwitchAnswer>),
    /// The operator pauses the witness (for this long) or resumes it (`None`).
    Pause(AccountName, Option<Duration>, oneshot::Sender<bool>),
    /// Someone asks whether a switch would work now.
    Rehearse(oneshot::Sender<Vec<WitnessRehearsal>>),
    /// Someone asks which situation a witness's policy was last asked about, and for what its policies keep.
    LastSituation(usize, oneshot::Sender<Option<(Situation, PolicyMemory)>>),
    /// A policy is there that did not load in time for the start.
    Late(usize, PolicyRole, Box<Policy>),
    /// A policy was replaced.
    Policy(usize, PolicyRole, Box<Policy>),
}

/// The answer to the operator's request for a switch: the transaction, or why it was refused.
pub type SwitchAnswer = Result<TransactionId, SwitchRefused>;

/// Why a switch that the operator wants was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchRefused {
    /// The reasons, each with what to do about it.
    pub reasons: Vec<String>,
    /// Whether all of them pass by themselves.
    pub lifetime: Lifetime,
}

impl SwitchRefused {
    /// Refused for these reasons.
    pub fn by(refusals: &[Refusal]) -> Self {
        let passes = refusals.iter().all(|refusal| refusal.lifetime() == Lifetime::PassesByItself);
        Self {
            reasons: refusals.iter().map(describe).collect(),
            lifetime: if passes { Lifetime::PassesByItself } else { Lifetime::NeedsOperator },
        }
    }

    /// Nobody here watches that witness.
    pub fn not_watched() -> Self {
        Self { reasons: vec!["the witness is not watched here".to_owned()], lifetime: Lifetime::NeedsOperator }
    }
}

fn describe(refusal: &Refusal) -> String {
    let force = match refusal.strength() {
        Strength::Hard => "",
        Strength::Soft => " (--force overrides this)",
    };
    format!("{refusal}{force}. {}", refusal.remedy())
}
