//! What happens to a watch, and what it wants done.

use std::time::Duration;

use dogwatch_alerts::AlertReport;
use dogwatch_chain::{Time, TransactionId};

use crate::answer::PolicyAnswer;
use crate::beat::Beat;
use crate::failure::ProbeFailure;
use crate::health::Probe;
use crate::holder::Holder;
use crate::rails::Refusal;
use crate::situation::{NodeIndex, Situation, Verdict};
use crate::switch::SwitchPlan;
use crate::watch::shared::SharedSlots;

/// How the endpoints responded to a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendReport {
    /// Endpoints that accepted it or had it already.
    pub accepted: u32,
    /// Endpoints that refused it because the key on chain is no longer the one that it names.
    pub key_mismatch: u32,
    /// What the others said.
    pub troubles: Vec<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The tracker has taken in a round of answers.
    Observed,
    /// A node was probed.
    Probed(NodeIndex, Result<Probe, ProbeFailure>),
    /// A node's process has ended: an open connection to it was cut, and its port refuses new ones.
    Gone(NodeIndex),
    /// Something listens on a node's port again.
    Back(NodeIndex),
    /// A node's own machine said something about it, or has said nothing for a while.
    Beat(NodeIndex, Beat),
    /// What another witness's slots tell of a node that both have has changed.
    Shared(NodeIndex, Box<SharedSlots>),
    /// The policy decided, or another one in its place, or none.
    Decided(PolicyAnswer),
    /// A transaction was handed to the endpoints.
    Sent(TransactionId, SendReport),
    /// The operator wants a switch.
    Manual(Holder, Force),
    /// The operator wants a switch that is taken back if the new node misses its first block.
    Planned(Holder),
    /// The operator pauses automatic switches for this long.
    Pause(Duration),
    /// The operator ends the pause.
    Resume,
    /// The time asked for by [`Command::WakeAt`] has come.
    Woken,
}

/// Whether an operator passes the soft rails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// All rails hold.
    No,
    /// Only the hard ones do.
    Yes,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask the policy, with [`WatchState::memory`](crate::WatchState::memory), and answer with [`Event::Decided`].
    AskPolicy(Box<Situation>),
    /// Sign this and hand it to the endpoints, once the state is stored; answer with [`Event::Sent`].
    Send(Box<SwitchPlan>),
    /// Tell the alert desk.
    Report(Box<AlertReport>),
    /// Send [`Event::Woken`] at that time.
    WakeAt(Time),
    /// Log this decision.
    Record(Box<DecisionRecord>),
    /// Answer the operator's [`Event::Manual`] or [`Event::Planned`].
    Answer(Result<TransactionId, Vec<Refusal>>),
}

/// One decision, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// Whose fault the misses are.
    pub verdict: Verdict,
    /// Who holds the key, and the last own slots.
    pub evidence: String,
    /// What was proposed, and whether it was done.
    pub outcome: String,
    /// The reason given.
    pub reason: String,
}

impl DecisionRecord {
    /// Whether a rail stood in the way of what was proposed.
    pub fn is_refusal(&self) -> bool {
        self.outcome.starts_with(REFUSED)
    }
}

/// What the outcome of a refused proposal begins with.
pub(super) const REFUSED: &str = "refused: ";
