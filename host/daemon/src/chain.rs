//! One chain in the daemon: its polls, the task that decides, its witnesses and their policies.

mod broadcast;
mod clock_steps;
pub mod convert;
mod fetch;
mod log;
pub mod message;
pub mod options;
mod pace;
pub mod policy;
pub mod polls;
pub mod rehearse;
mod report;
mod rest;
pub mod task;
mod unsaved;
pub mod witness;
