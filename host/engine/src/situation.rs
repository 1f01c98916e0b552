//! What a policy is told. The sandbox translates these types to and from the plugin interface, one to one.

use std::time::Duration;

use dogwatch_agreement::AgreementVerdict;
use dogwatch_chain::{AccountName, BlockNum, Slot, Time};
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::holder::Holder;
use crate::switch::Origin;

/// A node's place in the operator's order of preference, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeIndex(pub usize);

/// Whether the daemon may act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Watch, decide, alert; never sign.
    #[default]
    Observe,
    /// Switch when policy and rails agree.
    Armed,
}

/// Whose fault the misses are, judged from the chain, and from the end of a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is missing.
    Fine,
    /// The chain moves on without this witness, or will: the process of the node that holds its key has ended, or its head is old.
    Me,
    /// The chain itself halts, forks or runs thin.
    Chain,
    /// The view is stale, split or too young to say.
    CannotTell,
}

/// How well the endpoints agree on the chain's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The quorum of endpoints, fresh and saying the same.
    Agreed,
    /// One operator is all that is configured.
    Single,
    /// Fewer fresh answers than the quorum, or no block in common yet.
    Thin,
    /// Endpoints answer, and contradict each other.
    Disagreed,
    /// No fresh answer.
    Blind,
}

impl From<AgreementVerdict> for Agreement {
    fn from(verdict: AgreementVerdict) -> Self {
        match verdict {
            AgreementVerdict::Agreed => Self::Agreed,
            AgreementVerdict::OneVoice => Self::Single,
            AgreementVerdict::Thin => Self::Thin,
            AgreementVerdict::Disagreement => Self::Disagreed,
            // Standstill and clock are reasons why there is no fresh answer.
            _ => Self::Blind,
        }
    }
}

/// The chain as the host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainView {
    /// The head block's height.
    pub head: BlockNum,
    /// The head block's slot.
    pub head_slot: Slot,
    /// How old the head block is now.
    pub head_age: Duration,
    /// The last irreversible block's height.
    pub irreversible: BlockNum,
    /// Of the last 128 slots, how many hold a block.
    pub participation: u8,
    /// How well the endpoints agree.
    pub agreement: Agreement,
    /// Endpoints with a fresh answer.
    pub endpoints_fresh: u32,
    /// Endpoints configured.
    pub endpoints_total: u32,
}

/// What became of one of the witness's own slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotOutcome {
    /// The block is there.
    Produced,
    /// The next block came, and this one did not.
    Missed,
    /// Not there, and neither were its neighbours: no evidence against the node.
    ChainWide,
}

/// One of the witness's own slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSlot {
    /// The slot.
    pub slot: Slot,
    /// When it was.
    pub time: Time,
    /// What became of it.
    pub outcome: SlotOutcome,
    /// Whose key signed the block, or would have had to.
    pub holder: Holder<NodeIndex>,
}

/// A slot to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSlot {
    /// The slot.
    pub slot: Slot,
    /// Time until it starts.
    pub starts_in: Duration,
}

/// A node's fitness, as its probe shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Probed and fit, for as long as `probe_rise` says.
    Healthy,
    /// Probed and unfit, for as long as `probe_fall` says.
    Unhealthy,
    /// Not probed, or not long enough.
    Unknown,
}

/// A node, as a policy sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// The operator's name for it.
    pub name: String,
    /// Its fitness.
    pub health: Health,
    /// Time since the health last changed.
    pub health_for: Duration,
    /// Age of its head block at the last good probe.
    pub head_age: Option<Duration>,
    /// Whether its health allows a switch to it.
    pub eligible: bool,
    /// What speaks for it and against it, by source.
    pub evidence: Vec<Evidence>,
    /// The newest slot of another witness that it has missed, if it has made no block since, for anybody.
    pub missed_for_others: Option<Slot>,
}

/// How a switch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchOutcome {
    /// Not settled yet.
    Pending,
    /// In a block.
    Applied,
    /// Expired or refused.
    Failed,
    /// Somebody else changed the key first.
    Overtaken,
}

/// A switch of the past, or the one under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSwitch {
    /// When it was decided.
    pub at: Time,
    /// Who held the key before.
    pub from: Holder<NodeIndex>,
    /// Who was to hold it.
    pub to: Holder<NodeIndex>,
    /// What came of it.
    pub outcome: SwitchOutcome,
    /// Who wanted it.
    pub origin: Origin,
}

/// Everything a policy may base a decision on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    /// Now.
    pub now: Time,
    /// Whether the daemon may act.
    pub mode: Mode,
    /// Where this daemon runs.
    pub site: String,
    /// The chain's name.
    pub chain: String,
    /// The witness.
    pub witness: AccountName,
    /// Time from slot to slot.
    pub block_interval: Duration,
    /// Slots in a round.
    pub round_length: u32,
    /// Whose fault the misses are.
    pub verdict: Verdict,
    /// The chain.
    pub view: ChainView,
    /// Who holds the key on chain.
    pub holder: Holder<NodeIndex>,
    /// The first slot at which the present key counts, where its change was seen.
    pub holder_since: Option<Slot>,
    /// Own slots of the last rounds, oldest first.
    pub slots: Vec<OwnSlot>,
    /// An own slot that began half a slot ago or more, and that no endpoint has a block of yet.
    pub suspected_miss: Option<Slot>,
    /// The next own slots, as far as the schedule is known.
    pub next_slots: Vec<NextSlot>,
    /// The first slot of which nobody can know yet whose it is.
    pub unscheduled: Option<NextSlot>,
    /// The first slot whose block can hold a switch that is sent now. The new key signs from the slot after it on.
    pub lands: Option<NextSlot>,
    /// The nodes, in the operator's order of preference.
    pub nodes: Vec<NodeView>,
    /// Past switches, oldest first.
    pub switches: Vec<PastSwitch>,
    /// A switch is under way.
    pub switching: bool,
    /// Until when the operator has paused automatic switches.
    pub paused_until: Option<Time>,
}
