//! The simulated network: a chain, the nodes that follow it, and the commands that break them.

mod calls;
mod command;
mod control;
mod devnet;
mod gossip;
mod history;
mod nodes;
mod slots;
mod snapshot;

pub(crate) use calls::{CalledNode, NodeReply, PendingBroadcast};
pub use command::{DevnetCommand, DevnetCommandError};
pub use devnet::Devnet;
pub use history::{DevnetSlot, DevnetSlotOutcome, KeyChange};
pub use snapshot::{NodeSnapshot, Snapshot, WitnessSnapshot};
