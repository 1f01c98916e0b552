//! Runs slots as time passes: who produces, and which blocks.

use std::sync::Arc;

use dogwatch_chain::{AccountName, SecretKey, SignedTransaction, Slot, Time, TransactionId};
use rand::Rng as _;

use super::devnet::Devnet;
use super::history::{DevnetSlot, DevnetSlotOutcome, KeyChange};
use super::nodes::{FollowedChain, RpcNode, fork_key};
use crate::fault::{ProducerStatus, RpcFault};
use crate::ledger::{BlockTemplate, Ledger};
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
        self.run_slot_of_minority(&setup, slot, time);
        let Some(witness) = self.ledger.head().rounds.producer(slot).cloned() else { return };
        let cut_off = self.minority.is_some() && setup.minority.contains(&witness);
        let producer = self.producer_of(&setup, &self.ledger, &witness, slot).filter(|_| !cut_off);
        let outcome = match producer {
            None => DevnetSlotOutcome::Missed,
            Some((key, node)) => {
                let transactions = self.pending_transactions(slot, RpcFault::on_network);
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
                        FollowedChain::Frozen | FollowedChain::Minority => {}
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

    /// Runs the slot on the branch of the witnesses that are cut off.
    fn run_slot_of_minority(&mut self, setup: &Setup, slot: Slot, time: Time) {
        let Some(branch) = &self.minority else { return };
        let Some(witness) =
            branch.head().rounds.producer(slot).filter(|witness| setup.minority.contains(*witness)).cloned()
        else {
            return;
        };
        let Some((key, _)) = self.producer_of(setup, branch, &witness, slot) else { return };
        let transactions = self.pending_transactions(slot, |fault| fault == RpcFault::Minority);
        let Some(branch) = &mut self.minority else { return };
        branch.produce(setup, BlockTemplate { slot, time, witness: &witness, key, transactions });
        for rpc in self.rpc.iter_mut().filter(|rpc| matches!(rpc.chain, FollowedChain::Minority)) {
            rpc.mempool.rebase(setup, branch);
        }
    }

    /// The producer of a slot's block on a chain: a running node with the key there.
    fn producer_of<'s>(
        &self,
        setup: &'s Setup,
        chain: &Ledger,
        witness: &AccountName,
        slot: Slot,
    ) -> Option<(&'s SecretKey, Option<String>)> {
        if self.halted {
            return None;
        }
        let on_chain = chain.head().signing_key(witness)?;
        if let Some(key) = setup.fillers.get(witness) {
            let missed = draw(setup.seed, "outage", slot.0).random_range(0.0..1.0) < self.outage;
            return (!missed && key.public_key() == on_chain).then_some((key, None));
        }
        let node = setup.watched.get(witness)?.iter().find(|producer| {
            producer.public == on_chain && self.status(witness, &producer.name) == Some(ProducerStatus::Running)
        })?;
        Some((&node.key, Some(node.name.clone())))
    }

    /// The mempool of a slot's producer: that of a random RPC node on its side, drawn anew for each slot.
    fn pending_transactions(
        &self,
        slot: Slot,
        is_on_its_side: impl Fn(RpcFault) -> bool,
    ) -> Vec<(TransactionId, Arc<SignedTransaction>)> {
        let nodes: Vec<&RpcNode> = self.rpc.iter().filter(|node| is_on_its_side(node.fault)).collect();
        if nodes.is_empty() {
            return Vec::new();
        }
        let drawn = draw(self.setup.seed, "pool", slot.0).random_range(0..nodes.len());
        nodes.get(drawn).map(|node| node.mempool.transactions().to_vec()).unwrap_or_default()
    }
}
