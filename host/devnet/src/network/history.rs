//! What happened on a devnet: its slots, and the changes of signing keys.

use dogwatch_chain::{AccountName, BlockNum, PublicKey, Slot, Time, TransactionId};
use serde::{Deserialize, Serialize};

/// A slot that has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevnetSlot {
    /// The slot's number.
    pub slot: Slot,
    /// When a block was due.
    pub time: Time,
    /// The witness that owned it.
    pub witness: AccountName,
    /// Whether it has a block.
    pub outcome: DevnetSlotOutcome,
}

/// Whether a slot has a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DevnetSlotOutcome {
    /// It has a block.
    Produced {
        /// The block's number.
        block: BlockNum,
        /// The key that signed it.
        key: PublicKey,
        /// The node that produced it, if a watched witness did.
        node: Option<String>,
    },
    /// It has no block.
    Missed,
}

/// A change of a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// The block with the transaction.
    pub block: BlockNum,
    /// The witness whose key changed.
    pub witness: AccountName,
    /// The key before.
    pub from: PublicKey,
    /// The key after.
    pub to: PublicKey,
    /// The transaction that changed it.
    pub transaction: TransactionId,
}
