//! The world of a night: the chain, the operator's nodes, the endpoints; and what faults do to them.

mod strike;

use std::time::Duration;

use dogwatch_chain::{AccountName, NameError, Profile, Time};

use crate::chain::branch::Side;
use crate::chain::{Finality, ModelChain};
use crate::endpoint::ModelEndpoint;
use crate::fault::effect::Orphans;
use crate::night::{ChainRules, Night};
use crate::node::Node;

/// The world.
#[derive(Debug)]
pub(crate) struct NightWorld {
    pub(crate) chain: ModelChain,
    pub(crate) nodes: Vec<Node>,
    pub(crate) endpoints: Vec<ModelEndpoint>,
    pub(crate) slot: u64,
    /// The block with the next switch loses to another branch.
    switch_trap: Option<Orphans>,
    /// The operator moves the key in the slot of the next switch: to that node, counted from the holder.
    pub(crate) wallet_trap: Option<usize>,
    /// By the fault's number: what was struck, to be mended.
    struck: Vec<(usize, strike::Undo)>,
}

impl NightWorld {
    /// The world in which a night begins.
    ///
    /// # Errors
    ///
    /// Never: the names are valid.
    pub(crate) fn new(night: &Night) -> Result<Self, NameError> {
        let (profile, finality) = match night.chain {
            ChainRules::Hive => (Profile::hive(), Finality::Fast),
            ChainRules::Steem => (Profile::steem(), Finality::Slow),
        };
        let profile = Profile { round_length: night.round, ..profile };
        let nodes: Vec<Node> = (0..night.nodes.max(1)).map(Node::new).collect();
        let names = ["alice", "bob"].into_iter().take(night.witnesses.max(1));
        let mut watched = Vec::new();
        for (witness, name) in names.enumerate() {
            let Some(first) = nodes.first() else { continue };
            watched.push((AccountName::new(name)?, first.key(witness)));
        }
        let chain = ModelChain::new(profile, finality, AccountName::new("genesis")?, &watched, night.seed);
        let endpoints = (0..night.endpoints.max(1)).map(|index| ModelEndpoint::new(index, index)).collect();
        Ok(Self { chain, nodes, endpoints, slot: 1, switch_trap: None, wallet_trap: None, struck: Vec::new() })
    }

    /// Now: so long after the slot's beginning.
    pub(crate) fn time(&self, after: Duration) -> Time {
        self.chain.time(self.slot).plus(after)
    }

    /// How many witnesses are watched.
    pub(crate) fn witnesses(&self) -> usize {
        self.chain.elections.votes.len()
    }

    /// The node that holds a witness's key on the branch that counts, if one does.
    pub(crate) fn holder(&self, witness: usize) -> Option<usize> {
        let key = self.chain.truth_of(witness)?.key;
        self.nodes.iter().position(|node| node.key(witness) == key)
    }

    /// Lets a slot pass on the chain.
    pub(crate) fn pass(&mut self) {
        self.slot += 1;
        let Self { chain, nodes, slot, .. } = self;
        let (slot, split) = (*slot, chain.is_split());
        chain.pass(slot, |side, witness, key| {
            // A key that no configuration has is used by somebody whose node is well.
            let stranger = side == Side::Main && key == strike::foreign_key(witness);
            let here = |node: &Node| if split { node.side() == side } else { true };
            stranger || nodes.iter().any(|node| node.key(witness) == key && here(node) && node.produces(slot))
        });
    }

    /// After all sites have polled: a block with a switch that is to lose does so.
    pub(crate) fn lose_switch_block(&mut self) {
        let switched = self.chain.truth().moves.iter().any(|change| change.switch.is_some());
        if switched && let Some(orphans) = self.switch_trap.take() {
            self.chain.drop_newest(2, orphans == Orphans::Kept);
        }
    }
}
