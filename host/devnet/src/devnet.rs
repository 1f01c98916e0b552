//! The chain itself: slots, producers and nodes, in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{
    AccountName, BlockId, BlockNum, Head, Profile, PublicKey, SecretKey, SignedTransaction, Slot, Time, TransactionId,
};
use rand::Rng as _;

use crate::config::{ConfigError, DevnetConfig};
use crate::fault::{NodeStatus, RpcFault, RpcIndex};
use crate::ledger::{Ledger, Making};
use crate::pool::Pool;
use crate::seed::{derive_key, draw};
use crate::setup::{Producer, Setup};
use crate::snapshot::{KeyChange, NodeSnapshot, SlotOutcome, SlotRecord, Snapshot, WitnessSnapshot};
use crate::state::State;

/// How many slots the history keeps.
const HISTORY: usize = 200;

/// What a node takes for the chain.
#[derive(Debug)]
pub(crate) enum View {
    Live,
    Frozen,
    Fork(Box<Ledger>),
}

/// A public RPC node.
#[derive(Debug)]
pub(crate) struct RpcNode {
    pub(crate) fault: RpcFault,
    pub(crate) view: View,
    pub(crate) pool: Pool,
}

/// A block-producing node's condition.
#[derive(Debug)]
pub(crate) struct NodeLife {
    pub(crate) status: NodeStatus,
    /// What it sees when it stands still.
    pub(crate) frozen: Option<Arc<State>>,
}

/// A simulated chain. It has no clock: whoever drives it says what time it is.
#[derive(Debug)]
pub struct Devnet {
    pub(crate) setup: Arc<Setup>,
    pub(crate) ledger: Ledger,
    pub(crate) rpc: Vec<RpcNode>,
    pub(crate) nodes: BTreeMap<(AccountName, String), NodeLife>,
    pub(crate) halted: bool,
    pub(crate) outage: f64,
    next_slot: Slot,
    /// Transactions on their way between nodes.
    on_the_way: BTreeMap<(Time, u64), (RpcIndex, TransactionId, Arc<SignedTransaction>)>,
    sent: u64,
    slots: VecDeque<SlotRecord>,
    key_changes: Vec<KeyChange>,
}

impl Devnet {
    /// A chain that starts at `genesis`, moved back to a multiple of the block interval. Slot 1 is one interval later.
    pub fn new(config: &DevnetConfig, genesis: Time) -> Result<Self, ConfigError> {
        let setup = Setup::new(config, genesis)?;
        let ledger = Ledger::new(setup.genesis_state());
        let rpc = || RpcNode { fault: RpcFault::Ok, view: View::Live, pool: Pool::new(ledger.head()) };
        let nodes = setup.watched.iter().flat_map(|(witness, nodes)| {
            nodes.iter().map(|node| {
                let life = NodeLife { status: NodeStatus::Running, frozen: None };
                ((witness.clone(), node.name.clone()), life)
            })
        });
        Ok(Self {
            rpc: (0..config.rpc_nodes).map(|_| rpc()).collect(),
            nodes: nodes.collect(),
            halted: false,
            outage: 0.0,
            next_slot: Slot(1),
            on_the_way: BTreeMap::new(),
            sent: 0,
            slots: VecDeque::new(),
            key_changes: Vec::new(),
            setup: Arc::new(setup),
            ledger,
        })
    }

    /// What a client must know of this chain.
    pub fn profile(&self) -> &Profile {
        &self.setup.profile
    }

    /// The head as it is, whatever single nodes may say.
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
        self.ledger.block(num).map(|block| block.id)
    }

    /// The round in force and, where it is public, the next one.
    pub fn schedule(&self) -> dogwatch_chain::Schedule {
        let rounds = &self.ledger.head().rounds;
        dogwatch_chain::Schedule {
            next_shuffle: rounds.next_shuffle,
            current: rounds.current.clone(),
            future: rounds.future.clone(),
        }
    }

    /// A witness's signing key in the last block, whatever is pending.
    pub fn signing_key(&self, witness: &AccountName) -> Option<PublicKey> {
        self.ledger.head().signing_key(witness)
    }

    /// The private signing key of a watched witness's node.
    pub fn node_key(&self, witness: &AccountName, node: &str) -> Option<&SecretKey> {
        self.producers(witness).iter().find(|producer| producer.name == node).map(|producer| &producer.key)
    }

    /// The private active key of a watched witness.
    pub fn active_key(&self, witness: &AccountName) -> Option<&SecretKey> {
        self.setup.actives.get(witness)
    }

    /// When the next slot is.
    pub fn next_slot_time(&self) -> Time {
        self.setup.slot_time(self.next_slot)
    }

    /// Lets everything happen that is due by `now`, in order. Going back in time does nothing.
    pub fn advance(&mut self, now: Time) {
        loop {
            let slot = self.next_slot_time();
            // What arrives in the very moment of a slot is in time for it.
            if let Some(entry) = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= slot.min(now)) {
                let (index, id, signed) = entry.remove();
                self.deliver(index, id, signed);
            } else if slot <= now {
                self.run_slot(slot);
            } else {
                return;
            }
        }
    }

    /// Runs until that many slots have passed.
    pub fn advance_slots(&mut self, slots: u32) -> Time {
        let until = self.setup.slot_time(self.next_slot.plus(u64::from(slots).saturating_sub(1)));
        self.advance(until);
        until
    }

    /// Sends a transaction that `from` took on its way to the other RPC nodes; `None`: a producer's own node took it.
    pub(crate) fn gossip(
        &mut self,
        from: Option<RpcIndex>,
        id: TransactionId,
        signed: &Arc<SignedTransaction>,
        now: Time,
    ) {
        for index in (0..self.rpc.len()).map(RpcIndex).filter(|index| Some(*index) != from) {
            self.sent = self.sent.saturating_add(1);
            let factor = draw(self.setup.seed, "gossip", self.sent).random_range(500..1500);
            let millis = self.setup.gossip_ms.saturating_mul(factor).div_euclid(1000);
            let at = now.plus(Duration::from_millis(millis));
            self.on_the_way.insert((at, self.sent), (index, id, signed.clone()));
        }
    }

    fn deliver(&mut self, index: RpcIndex, id: TransactionId, signed: Arc<SignedTransaction>) {
        let Some(node) = self.rpc.get_mut(index.0).filter(|node| node.fault.on_network()) else { return };
        if let Err(refused) = node.pool.push(&self.setup, &self.ledger, id, signed) {
            tracing::debug!(%id, rpc = index.0, ?refused, "a peer refuses a transaction");
        }
    }

    fn run_slot(&mut self, time: Time) {
        let slot = self.next_slot;
        self.next_slot = slot.plus(1);
        let setup = self.setup.clone();
        let Some(witness) = self.ledger.head().rounds.producer(slot).cloned() else { return };
        let outcome = match self.producer(&setup, &witness, slot) {
            None => SlotOutcome::Missed,
            Some((key, node)) => {
                let transactions = self.offered(slot);
                let making = |key, transactions| Making { slot, time, witness: &witness, key, transactions };
                let changes = self.ledger.produce(&setup, making(key, transactions));
                let block = self.ledger.head().head.num();
                self.key_changes.extend(changes.into_iter().map(|change| KeyChange {
                    block,
                    witness: change.witness,
                    from: change.from,
                    to: change.to,
                    transaction: change.trx,
                }));
                let liar = liar();
                for rpc in &mut self.rpc {
                    match &mut rpc.view {
                        View::Live => rpc.pool.rebase(&setup, &self.ledger),
                        View::Frozen => {}
                        View::Fork(fork) => {
                            let forged = if setup.watched.contains_key(&witness) { &liar } else { key };
                            fork.produce(&setup, making(forged, Vec::new()));
                            rpc.pool.rebase(&setup, fork);
                        }
                    }
                }
                SlotOutcome::Produced { block, key: key.public_key(), node }
            }
        };
        if self.slots.len() >= HISTORY {
            self.slots.pop_front();
        }
        self.slots.push_back(SlotRecord { slot, time, witness, outcome });
    }

    /// Who makes the block of a slot: a node that runs and holds the key on chain.
    fn producer<'s>(
        &self,
        setup: &'s Setup,
        witness: &AccountName,
        slot: Slot,
    ) -> Option<(&'s SecretKey, Option<String>)> {
        if self.halted {
            return None;
        }
        let on_chain = self.ledger.head().signing_key(witness)?;
        if let Some(key) = setup.fillers.get(witness) {
            let out = draw(setup.seed, "outage", slot.0).random_range(0.0..1.0) < self.outage;
            return (!out && key.public_key() == on_chain).then_some((key, None));
        }
        let node = setup.watched.get(witness)?.iter().find(|producer| {
            producer.public == on_chain && self.status(witness, &producer.name) == Some(NodeStatus::Running)
        })?;
        Some((&node.key, Some(node.name.clone())))
    }

    pub(crate) fn status(&self, witness: &AccountName, node: &str) -> Option<NodeStatus> {
        self.nodes.get(&(witness.clone(), node.to_owned())).map(|life| life.status)
    }

    pub(crate) fn producers(&self, witness: &AccountName) -> &[Producer] {
        self.setup.watched.get(witness).map_or(&[], Vec::as_slice)
    }

    /// What the producer of a slot has in its pool: that of one of the nodes, drawn anew for each slot.
    fn offered(&self, slot: Slot) -> Vec<(TransactionId, Arc<SignedTransaction>)> {
        let nodes: Vec<&RpcNode> = self.rpc.iter().filter(|node| node.fault.on_network()).collect();
        if nodes.is_empty() {
            return Vec::new();
        }
        let drawn = draw(self.setup.seed, "pool", slot.0).random_range(0..nodes.len());
        nodes.get(drawn).map(|node| node.pool.transactions().to_vec()).unwrap_or_default()
    }

    /// Everything worth knowing about this moment.
    pub fn snapshot(&self) -> Snapshot {
        let head = self.ledger.head();
        let witnesses = self.setup.watched.iter().map(|(name, producers)| {
            let nodes = producers.iter().map(|producer| {
                let status = self.status(name, &producer.name).unwrap_or(NodeStatus::Running);
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

/// The key that a lying node's fork shows for the watched witnesses.
pub(crate) fn liar() -> SecretKey {
    derive_key("devnet/liar")
}
