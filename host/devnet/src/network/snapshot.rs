//! Everything about a devnet at one moment, for tests and the demo.

use std::collections::BTreeMap;

use dogwatch_chain::{AccountName, BlockNum, PublicKey, Slot, Time};
use serde::{Deserialize, Serialize};

use super::devnet::Devnet;
use super::history::{DevnetSlot, KeyChange};
use crate::fault::{ProducerStatus, RpcFault};

/// A watched witness at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessSnapshot {
    /// The signing key as of the last block, without pending transactions.
    pub signing_key: PublicKey,
    /// The number of missed slots, as the chain counts them.
    pub total_missed: u32,
    /// Its block-producing nodes, by name.
    pub nodes: BTreeMap<String, NodeSnapshot>,
}

/// A block-producing node at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSnapshot {
    /// Its signing key.
    pub key: PublicKey,
    /// Its condition.
    pub status: ProducerStatus,
}

/// The whole devnet at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The head block's number.
    pub head: BlockNum,
    /// The head block's time.
    pub time: Time,
    /// The head block's slot.
    pub slot: Slot,
    /// Whether production is halted.
    pub halted: bool,
    /// The faults of the RPC nodes, in order.
    pub rpc: Vec<RpcFault>,
    /// The watched witnesses.
    pub witnesses: BTreeMap<AccountName, WitnessSnapshot>,
    /// The last slots, oldest first: at most 200.
    pub slots: Vec<DevnetSlot>,
    /// Every change of a signing key, oldest first.
    pub key_changes: Vec<KeyChange>,
}

impl Snapshot {
    /// The slots of that witness, oldest first.
    pub fn slots_of<'a>(&'a self, witness: &'a AccountName) -> impl Iterator<Item = &'a DevnetSlot> {
        self.slots.iter().filter(move |slot| slot.witness == *witness)
    }
}

impl Devnet {
    /// The whole devnet at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let head = self.ledger.head();
        let witnesses = self.setup.watched.iter().map(|(name, producers)| {
            let nodes = producers.iter().map(|producer| {
                let status = self.status(name, &producer.name).unwrap_or(ProducerStatus::Running);
                (producer.name.clone(), NodeSnapshot { key: producer.public, status })
            });
            let witness = WitnessSnapshot {
                signing_key: head.signing_key(name).unwrap_or(PublicKey::NULL),
                total_missed: head.witnesses.get(name).map_or(0, |witness| witness.total_missed),
                nodes: nodes.collect(),
            };
            (name.clone(), witness)
        });
        Snapshot {
            head: head.head.num(),
            time: head.time,
            slot: head.slot,
            halted: self.halted,
            rpc: self.rpc.iter().map(|node| node.fault).collect(),
            witnesses: witnesses.collect(),
            slots: self.slots.iter().cloned().collect(),
            key_changes: self.key_changes.clone(),
        }
    }
}
