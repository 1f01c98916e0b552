//! What a node reports about its chain, reduced to what decisions need.

use serde::{Deserialize, Serialize};

use crate::block::{BlockId, BlockNum, Slot};
use crate::key::PublicKey;
use crate::name::AccountName;
use crate::time::Time;
use crate::transaction::TransactionId;
use crate::version::ChainVersion;

/// The head of a chain: `get_dynamic_global_properties`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// `head_block_id`, which contains the number.
    pub id: BlockId,
    /// `time`: the head block's timestamp.
    pub time: Time,
    /// `current_aslot`: the head block's slot.
    pub slot: Slot,
    /// `last_irreversible_block_num`.
    pub irreversible: BlockNum,
    /// `participation_count`: how many of the last 128 slots have a block.
    pub participation: u8,
}

impl Head {
    /// The head block's number.
    pub fn num(&self) -> BlockNum {
        self.id.num()
    }
}

/// A witness: `get_witness_by_account`.
///
/// Nodes answer from their pending state, so `signing_key` may be one that is in no block yet and may never be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessState {
    /// `owner`.
    pub owner: AccountName,
    /// `signing_key`; the null key when disabled.
    pub signing_key: PublicKey,
    /// `total_missed`: grows by one when the block after a missed slot arrives.
    pub total_missed: u32,
    /// `last_confirmed_block_num`: the last block it produced.
    pub last_confirmed_block: BlockNum,
    /// `running_version`.
    pub running_version: String,
}

/// Who produces in which slot: `get_witness_schedule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// `next_shuffle_block_num`: the block whose application replaces this schedule.
    pub next_shuffle: BlockNum,
    /// `current_shuffled_witnesses`, the first `num_scheduled_witnesses` of them. Slot `s` belongs to the entry at
    /// `s % len`.
    pub current: Vec<AccountName>,
    /// The round after that, where the chain publishes it (Hive since hardfork 26).
    pub future: Option<Vec<AccountName>>,
    /// `majority_version`: what most witnesses run, if the node tells.
    #[serde(default)]
    pub majority_version: Option<ChainVersion>,
}

impl Schedule {
    /// Whether this schedule is in force at that head: a shuffle may have come between the two answers.
    pub fn is_in_force_at(&self, head: BlockNum) -> bool {
        let round = u32::try_from(self.current.len()).unwrap_or(u32::MAX);
        head < self.next_shuffle && self.next_shuffle.back(round) <= head
    }

    /// The witness that owns the slot, as long as this schedule is in force.
    pub fn producer(&self, slot: Slot) -> Option<&AccountName> {
        Self::seated(&self.current, slot)
    }

    /// The witness that owns the slot under the published future schedule.
    pub fn future_producer(&self, slot: Slot) -> Option<&AccountName> {
        Self::seated(self.future.as_deref()?, slot)
    }

    /// Who sits in that slot of a round.
    pub fn seated(witnesses: &[AccountName], slot: Slot) -> Option<&AccountName> {
        let len = u64::try_from(witnesses.len()).ok()?;
        witnesses.get(usize::try_from(slot.0.checked_rem(len)?).ok()?)
    }
}

/// A witness's signing key, as an operation of a block sets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// `owner` of the operation.
    pub witness: AccountName,
    /// `new_signing_key` or `block_signing_key`. It may be the one that the witness has already.
    pub key: PublicKey,
}

/// A block, with what counts of its transactions. Where only its header could be read, `signing_key` is `None`, and
/// `transactions` and `key_changes` are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// `block_id`, which contains the number.
    pub id: BlockId,
    /// `previous`: the id of the block before.
    pub previous: BlockId,
    /// `timestamp`.
    pub time: Time,
    /// `witness`.
    pub witness: AccountName,
    /// `signing_key`: the key that signed it, which tells the node that produced it. A header does not hold it.
    pub signing_key: Option<PublicKey>,
    /// `transaction_ids`.
    pub transactions: Vec<TransactionId>,
    /// The signing keys that its operations set, in their order.
    pub key_changes: Vec<KeyChange>,
}

impl Block {
    /// Whether only its header was read: it tells who produced the block, but neither by which key nor what is in it.
    pub fn is_header(&self) -> bool {
        self.signing_key.is_none()
    }

    /// The block's number.
    pub fn num(&self) -> BlockNum {
        self.id.num()
    }
}
