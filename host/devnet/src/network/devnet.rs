//! The simulated chain and its nodes, in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use dogwatch_chain::{
    AccountName, BlockId, BlockNum, Head, Profile, PublicKey, Schedule, SecretKey, SignedTransaction, Slot, Time,
    TransactionId,
};

use super::history::{DevnetSlot, KeyChange};
use super::nodes::{FollowedChain, ProducerCondition, RpcNode};
use crate::config::{DevnetConfig, DevnetConfigError};
use crate::fault::{ProducerStatus, RpcFault, RpcIndex};
use crate::ledger::Ledger;
use crate::mempool::Mempool;
use crate::setup::{ProducingNode, Setup};
use crate::state::genesis_state;

/// A simulated chain. It has no clock: its driver tells it the time.
#[derive(Debug)]
pub struct Devnet {
    pub(crate) setup: Arc<Setup>,
    pub(crate) ledger: Ledger,
    /// The branch of the witnesses that are cut off, while an RPC node follows it.
    pub(crate) minority: Option<Ledger>,
    pub(crate) rpc: Vec<RpcNode>,
    pub(crate) nodes: BTreeMap<(AccountName, String), ProducerCondition>,
    pub(crate) halted: bool,
    /// The share of the fillers' slots that is missed, 0 to 1.
    pub(crate) outage: f64,
    pub(super) next_slot: Slot,
    /// Transactions on their way to a node, by time of arrival.
    pub(super) in_flight: BTreeMap<(Time, u64), (RpcIndex, TransactionId, Arc<SignedTransaction>)>,
    /// Counts the transactions sent to a node.
    pub(super) sent: u64,
    pub(super) slots: VecDeque<DevnetSlot>,
    pub(super) key_changes: Vec<KeyChange>,
}

impl Devnet {
    /// A chain that starts at `genesis`, moved back to a multiple of the block interval. Slot 1 is one interval later.
    ///
    /// # Errors
    ///
    /// A value of the configuration is invalid. The error names the first one.
    pub fn new(config: &DevnetConfig, genesis: Time) -> Result<Self, DevnetConfigError> {
        let setup = Setup::new(config, genesis)?;
        let ledger = Ledger::new(genesis_state(&setup));
        let rpc = || RpcNode { fault: RpcFault::Ok, chain: FollowedChain::Live, mempool: Mempool::new(ledger.head()) };
        let nodes = setup.watched.iter().flat_map(|(witness, nodes)| {
            nodes.iter().map(|node| {
                let condition = ProducerCondition { status: ProducerStatus::Running, frozen: None, version: None };
                ((witness.clone(), node.name.clone()), condition)
            })
        });
        Ok(Self {
            rpc: (0..config.rpc_nodes).map(|_| rpc()).collect(),
            nodes: nodes.collect(),
            halted: false,
            outage: 0.0,
            next_slot: Slot(1),
            in_flight: BTreeMap::new(),
            sent: 0,
            slots: VecDeque::new(),
            key_changes: Vec::new(),
            setup: Arc::new(setup),
            ledger,
            minority: None,
        })
    }

    /// The chain's profile, as a client needs it.
    pub fn profile(&self) -> &Profile {
        &self.setup.profile
    }

    /// The true head. Individual nodes may show another one.
    pub fn head(&self) -> Head {
        let state = self.ledger.head();
        Head {
            id: state.head,
            time: state.time,
            slot: state.slot,
            irreversible: state.irreversible,
            participation: u8::try_from(state.recent_slots.count_ones()).unwrap_or(u8::MAX),
        }
    }

    /// The id of a block.
    pub fn block_id(&self, num: BlockNum) -> Option<BlockId> {
        self.ledger.blocks().block(num).map(|block| block.id)
    }

    /// The round in force, and the next one where the chain publishes it.
    pub fn schedule(&self) -> Schedule {
        let rounds = &self.ledger.head().rounds;
        Schedule {
            next_shuffle: rounds.next_shuffle,
            current: rounds.current.clone(),
            future: rounds.future.clone(),
            majority_version: None,
        }
    }

    /// A witness's signing key as of the last block, without pending transactions.
    pub fn signing_key(&self, witness: &AccountName) -> Option<PublicKey> {
        self.ledger.head().signing_key(witness)
    }

    /// The private signing key of a watched witness's node.
    pub fn node_key(&self, witness: &AccountName, node: &str) -> Option<&SecretKey> {
        self.producers(witness).iter().find(|producer| producer.name == node).map(|producer| &producer.key)
    }

    /// The private active key of a watched witness.
    pub fn active_key(&self, witness: &AccountName) -> Option<&SecretKey> {
        self.setup.active_keys.get(witness)
    }

    /// The time of the next slot.
    pub fn next_slot_time(&self) -> Time {
        self.setup.slot_time(self.next_slot)
    }

    pub(crate) fn status(&self, witness: &AccountName, node: &str) -> Option<ProducerStatus> {
        self.nodes.get(&(witness.clone(), node.to_owned())).map(|condition| condition.status)
    }

    pub(crate) fn producers(&self, witness: &AccountName) -> &[ProducingNode] {
        self.setup.watched.get(witness).map_or(&[], Vec::as_slice)
    }
}
