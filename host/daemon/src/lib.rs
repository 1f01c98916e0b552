//! The Dogwatch daemon: configuration, store, channels and command line around the pure engine.
//!
//! From a poll to a decision: [`chain::polls::poll`] reads the endpoints. [`chain::task::ChainTask`] feeds the tracker
//! and each [`chain::witness::WitnessTask`], which asks its policy and the rails. The [`store::Store`] writes the new
//! state to disk, and only then is the switch signed and broadcast.

pub mod alerts;
pub mod beat;
pub mod chain;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod decisions;
pub mod fallback;
mod gateway;
pub mod liveness;
pub mod logging;
mod memory;
mod plugin_cache;
pub mod rehearsal;
pub mod run;
pub mod store;
#[cfg(test)]
mod testing;

/// Makes ring the TLS library of this process.
pub fn install_tls_provider() {
    // It fails if a provider is installed already; that one is ring too.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
