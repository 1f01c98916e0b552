//! The Dogwatch daemon: configuration, wiring, alert outbox, store and command line around the pure engine.
//!
//! The way of a block: [`chain_task::poll`] reads the endpoints, [`chain_task::ChainTask`] feeds the tracker and each
//! [`guard::Guard`], the guard asks its policy and the rails, the [`store::Store`] takes the new state to disk, and
//! only then is the switch signed and broadcast.

pub mod boot;
pub mod chain_task;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod courier;
pub mod daemon;
pub mod demo;
pub mod desk;
pub mod egress;
pub mod emergency;
mod gateway;
pub mod guard;
pub mod heartbeat;
pub mod leftovers;
pub mod logging;
mod memory;
pub mod metrics;
pub mod outbox;
pub mod plugins;
pub mod rehearsal;
pub mod status;
pub mod store;
pub mod stuck;
pub mod vitals;
pub mod words;

/// Chooses ring as the TLS library of this process, once.
pub fn install_tls_provider() {
    // Someone else may have been first, with the same choice: no matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
