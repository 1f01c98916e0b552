//! One chain in the daemon: its polls, the task that decides, its witnesses and their policies.

pub mod beat_listener;
pub mod beats;
mod broadcast;
pub mod convert;
mod drive;
mod fetch;
pub mod local_time;
mod log;
pub mod message;
pub mod node_watch;
pub mod options;
mod orders;
mod pace;
pub mod policy;
pub mod polls;
pub mod rehearse;
mod report;
pub mod shared;
pub mod task;
mod unsaved;
mod wires;
pub mod witness;
