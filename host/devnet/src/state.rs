//! The state of a chain, and the blocks that led to it.

mod blocks;
mod chain_state;
mod genesis;
mod rounds;

pub(crate) use blocks::{StoredBlock, StoredBlocks};
pub(crate) use chain_state::{ChainState, WitnessObject};
pub(crate) use genesis::genesis_state;
pub(crate) use rounds::shuffle;
