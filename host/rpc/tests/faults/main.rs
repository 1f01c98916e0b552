//! Everything that can be wrong with an endpoint, played by a server with real sockets and real TLS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

mod authority;
mod catalogue;
mod chain;
mod fault;
mod gateway;
mod http;
mod incident;
mod refusals;
mod scene;
mod server;
mod shuffled;
mod single;
mod upgrades;
