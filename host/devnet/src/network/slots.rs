//! Runs slots as time passes: who produces, and which blocks.

use std::sync::Arc;

use dogwatch_chain::{AccountName, SecretKey, SignedTransaction, Slot, Time, TransactionId};
use rand::Rng as _;

use super::devnet::Devnet;
use super::history::{DevnetSlot, DevnetSlotOutcome, KeyChange};
use super::nodes::{FollowedChain, RpcNode, fork_key};
use crate::fault::ProducerStatus;
use crate::ledger::BlockTemplate;
use crate::seed::draw;
use crate::setup::Setup;

/// How many slots the history keeps.
const HISTORY: usize = 200;

impl Devnet {
    /// Runs everything that is due by `now`, in order. Going back in time does nothing.
    pub fn advance(&mut self, now: Time) {
        loop {
            let slot = self.next_slot_time();
            // A transaction that arrives exactly at the time of a slot is in time for it.
            if let Some(entry) = self.in_flight.first_entry().filter(|entry| entry.key().0 <= slot.min(now)) {
                let (index, id, signed) = entry.remove();
                self.deliver(index, id, signed);
            } else if slot <= now {
                self.run_slot(slot);
            } else {
                return;
            }
        }
    }

    /// Runs until `slots` slots have passed, and returns the time of the last.
    pub fn advance_slots(&mut self, slots: u32) -> Time {
        let until = self.setup.slot_time(self.next_slot.plus(u64::from(slots).saturating_sub(1)));
        self.advance(until);
        until
    }

    fn run_slot(&mut self, time: Time) {
        let slot = self.next_slot;
        self.next_slot = slot.plus(1);
        let setup = self.setup.clone();
        let Some(witness) = self.ledger.head().rounds.producer(slot).cloned() else { return };
        let outcome = match self.producer_of(&setup, &witness, slot) {
            None => DevnetSlotOutcome::Missed,
            Some((key, node)) => {
                let transactions = self.pending_transactions(slot);
                let template = |key, transactions| BlockTemplate { slot, time, witness: &witness, key, transactions };
                let changes = self.ledger.produce(&setup, template(key, transactions));
                let block = self.ledger.head().head.num();
                self.key_changes.extend(changes.into_iter().map(|change| KeyChange {
                    block,
                    witness: change.witness,
                    from: change.from,
                    to: change.to,
                    transaction: change.trx,
                }));
                let fork_key = fork_key();
                for rpc in &mut self.rpc {
                    match &mut rpc.chain {
                        FollowedChain::Live => rpc.mempool.rebase(&setup, &self.ledger),
                        FollowedChain::Frozen => {}
                        FollowedChain::Fork(fork) => {
                            let forged = if setup.watched.contains_key(&witness) { &fork_key } else { key };
                            fork.produce(&setup, template(forged, Vec::new()));
                            rpc.mempool.rebase(&setup, fork);
                        }
                    }
                }
                DevnetSlotOutcome::Produced { block, key: key.public_key(), node }
            }
        };
        if self.slots.len() >= HISTORY {
            self.slots.pop_front();
        }
        self.slots.push_back(DevnetSlot { slot, time, witness, outcome });
    }

    /// The producer of a slot's block: a running node with the key on chain.
    fn producer_of<'s>(
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
            let missed = draw(setup.seed, "outage", slot.0).random_range(0.0..1.0) < self.outage;
            return (!missed && key.public_key() == on_chain).then_some((key, None));
        }
        let node = setup.watched.get(witness)?.iter().find(|producer| {
            producer.public == on_chain && self.status(witness, &producer.name) == Some(ProducerStatus::Running)
        })?;
        Some((&node.key, Some(node.name.clone())))
    }

    /// The mempool of a slot's producer: that of a random RPC node, drawn anew for each slot.
    fn pending_transactions(&self, slot: Slot) -> Vec<(TransactionId, Arc<SignedTransaction>)> {
        let nodes: Vec<&RpcNode> = self.rpc.iter().filter(|node| node.fault.on_network()).collect();
        if nodes.is_empty() {
            return Vec::new();
        }
        let drawn = draw(self.setup.seed, "pool", slot.0).random_range(0..nodes.len());
        nodes.get(drawn).map(|node| node.mempool.transactions().to_vec()).unwrap_or_default()
    }
}
