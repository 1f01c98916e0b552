//! One chain in the daemon: its polls, the task that decides, its witnesses and their policies.

mod broadcast;
pub mod convert;
mod fetch;
pub mod local_time;
mod log;
pub mod message;
pub mod node_watch;
pub mod options;
mod pace;
pub mod policy;
pub mod polls;
pub mod rehearse;
mod report;
pub mod task;
mod unsaved;
mod wires;
pub mod witness;
