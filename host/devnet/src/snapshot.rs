//! What happened on a devnet, for tests and the demo.

use std::collections::BTreeMap;

use dogwatch_chain::{AccountName, BlockNum, PublicKey, Slot, Time, TransactionId};
use serde::{Deserialize, Serialize};

use crate::fault::{NodeStatus, RpcFault};

/// One slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    /// Which.
    pub slot: Slot,
    /// When.
    pub time: Time,
    /// Whose it was.
    pub witness: AccountName,
    /// What came of it.
    pub outcome: SlotOutcome,
}

/// What came of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotOutcome {
    /// A block.
    Produced {
        /// Its number.
        block: BlockNum,
        /// The key that signed it.
        key: PublicKey,
        /// The producing node of a watched witness.
        node: Option<String>,
    },
    /// Nothing.
    Missed,
}

/// A signing key that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// The block with the transaction.
    pub block: BlockNum,
    /// Whose key.
    pub witness: AccountName,
    /// The key before.
    pub from: PublicKey,
    /// The key after.
    pub to: PublicKey,
    /// The transaction.
    pub transaction: TransactionId,
}

/// A watched witness at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessSnapshot {
    /// The key in the last block, whatever is pending.
    pub signing_key: PublicKey,
    /// Slots missed, as the chain counts them.
    pub total_missed: u32,
    /// Its nodes, with their keys and what they are doing.
    pub nodes: BTreeMap<String, NodeSnapshot>,
}

/// A block-producing node at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSnapshot {
    /// Its signing key.
    pub key: PublicKey,
    /// What it is doing.
    pub status: NodeStatus,
}

/// The whole devnet at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The head block's number.
    pub head: BlockNum,
    /// Its time.
    pub time: Time,
    /// Its slot.
    pub slot: Slot,
    /// Whether production is halted.
    pub halted: bool,
    /// Faults of the RPC nodes, in order.
    pub rpc: Vec<RpcFault>,
    /// The watched witnesses.
    pub witnesses: BTreeMap<AccountName, WitnessSnapshot>,
    /// The last slots, oldest first: at most 200.
    pub slots: Vec<SlotRecord>,
    /// Every change of a signing key, oldest first.
    pub key_changes: Vec<KeyChange>,
}

impl Snapshot {
    /// Slots of that witness, oldest first.
    pub fn slots_of<'a>(&'a self, witness: &'a AccountName) -> impl Iterator<Item = &'a SlotRecord> {
        self.slots.iter().filter(move |slot| slot.witness == *witness)
    }
}
