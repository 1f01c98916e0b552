//! Alert channels: one client each, the outbox that delivers, heartbeats, and the only way out of the machine.

pub mod attempt;
pub mod client;
pub mod egress;
pub mod heartbeat;
pub mod outbox;
pub mod plugin;
