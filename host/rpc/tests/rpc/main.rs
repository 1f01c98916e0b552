//! The pool against small fakes on loopback: one that behaves like a node, and many that do not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

mod backoff;
mod blocks;
mod broadcast;
mod chain;
mod endpoint;
mod fake;
mod parameters;
mod poll;
mod probe;
mod transport;
mod tripwire;
