//! One witness: what is known of it, what is under way, and what to do next.
//!
//! [`Watch::handle`] takes an event and answers with commands. It has no clock, draws no random numbers and does no
//! I/O: whoever drives it stores [`Watch::state`] before it carries out any [`Command::Send`].

mod alerts;
mod begin;
mod conditions;
mod decide;
mod event;
mod facts;
mod failback;
mod fork;
mod key;
mod machine;
mod node_alerts;
mod observe;
mod own_slots;
mod probe;
#[cfg(test)]
mod scene;
mod settle;
mod shared;
mod shared_nodes;
mod situation;
mod state;
mod text;
mod turn;
mod verdict;

pub use event::{Command, DecisionRecord, Event, Force, SendReport};
pub use machine::Watch;
pub use node_alerts::NodeAlerts;
pub use shared::SharedSlots;
pub use shared_nodes::SharedNodes;
pub use state::WatchState;
