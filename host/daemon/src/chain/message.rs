//! What reaches a chain's task.

use dogwatch_chain::{AccountName, Block, Time, TransactionId};
use dogwatch_client::ChainStatus;
use dogwatch_engine::{Force, Holder, NodeIndex, Probe, ProbeFailure, SendReport};
use dogwatch_rpc::{EndpointIndex, PollAnswer};
use tokio::sync::oneshot;

use crate::chain::rehearse::WitnessRehearsal;
use crate::chain::witness::Policy;

/// Something that reaches a chain's task.
#[derive(Debug)]
pub enum Message {
    /// The endpoints were polled, and the last answer came then.
    Polled(Time, Vec<PollAnswer>),
    /// Blocks were read, and from where; or could not be.
    Blocks(Option<(EndpointIndex, Vec<Block>)>),
    /// A node was probed.
    Probed(usize, NodeIndex, Result<Probe, ProbeFailure>),
    /// A transaction was handed to the endpoints.
    Sent(usize, TransactionId, SendReport),
    /// Somebody wants to know.
    Status(oneshot::Sender<ChainStatus>),
    /// The operator wants a switch.
    Switch(AccountName, Holder, Force, oneshot::Sender<SwitchAnswer>),
    /// The operator pauses (until then) or resumes.
    Pause(AccountName, Option<Time>, oneshot::Sender<bool>),
    /// Somebody wants to know whether a switch would work now.
    Rehearse(oneshot::Sender<Vec<WitnessRehearsal>>),
    /// A policy was replaced.
    Policy(usize, Policy),
}

/// What became of the operator's wish for a switch.
pub type SwitchAnswer = Result<TransactionId, Vec<String>>;
