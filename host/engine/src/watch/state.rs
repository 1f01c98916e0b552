//! The state of a watch that survives a restart.

use dogwatch_chain::{BlockNum, Slot, Time};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use crate::book::AlertBook;
use crate::holder::Holder;
use crate::memory::PolicyMemory;
use crate::situation::SlotOutcome;
use crate::slots::SlotRecord;
use crate::switch::{InFlight, KeyRecord, SwitchRecord, Unproven};
use crate::tally::Tally;

/// The state that survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchState {
    /// What the policies want to keep.
    pub memory: PolicyMemory,
    /// The key on chain.
    pub key: Option<KeyRecord>,
    /// Own slots of the last rounds, oldest first.
    pub slots: Vec<SlotRecord>,
    /// The newest slot whose outcome is known: nothing is known between it and a log that starts later.
    pub seen: Option<Slot>,
    /// The witness's last block as of `seen`, as the endpoints tell it: if it is still the same after a hole, nothing was
    /// produced in the hole.
    #[serde(default)]
    pub last_confirmed: Option<BlockNum>,
    /// Its last block as the endpoints tell it, and their counter of its missed blocks when they first told it.
    #[serde(default)]
    pub last_told: Option<(BlockNum, u32)>,
    /// Blocks missed since then by that counter, and not by the blocks.
    #[serde(default)]
    pub missed_unseen: u32,
    /// The newest slot up to which all moves of the key are known that blocks show.
    #[serde(default)]
    pub moves_seen: Option<Slot>,
    /// The switch under way.
    pub in_flight: Option<InFlight>,
    /// The switch that is in a block and not proven yet.
    pub unproven: Option<Unproven>,
    /// The switch that is proven, as long as its block is not irreversible.
    #[serde(default)]
    pub reversible: Option<Unproven>,
    /// Past switches, oldest first.
    pub switches: Vec<SwitchRecord>,
    /// Open alerts. Not stored here: the desk knows what is open.
    #[serde(default, skip_serializing, deserialize_with = "forget")]
    pub alerts: AlertBook,
    /// When the stored state was lost, and with it the past switches.
    #[serde(default)]
    pub history_lost: Option<Time>,
    /// Until when automatic switches are paused.
    pub paused_until: Option<Time>,
    /// Own slots by the hour.
    #[serde(default)]
    pub tally: Tally,
}

impl WatchState {
    /// Whether that node has been seen to sign a block: in an own slot, or as the proof of a switch to it.
    pub fn has_signed(&self, node: &str) -> bool {
        let is_node = |holder: &Holder| matches!(holder, Holder::Node(name) if name == node);
        let produced = |record: &SlotRecord| record.outcome == SlotOutcome::Produced && is_node(&record.holder);
        self.slots.iter().any(produced)
            || self.switches.iter().any(|record| record.proof.is_some() && is_node(&record.to))
    }
}

/// Older states hold the open alerts too.
fn forget<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AlertBook, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| AlertBook::default())
}
