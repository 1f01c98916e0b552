//! Whole nights in virtual time: a chain, nodes and endpoints that fail, and watchers that must do the right thing.
//!
//! One file per kind of night. Every night replays from its seed, which is printed when it fails:
//!
//! ```text
//! in chaos, seed 123: [(17, Node(0, Crashed)), ...]
//! SEED=123 cargo test -p dogwatch-engine --test nights chaos::one_night -- --nocapture
//!
//! in deadly night, seed 45
//! SEED=45 cargo test -p dogwatch-engine --test nights restarts::one_night
//! ```
//!
//! All other nights are tables: run the test that failed; its message names the row, the chain and the seed. `NIGHTS=10`
//! plays ten times as many seeds of chaos and deadly nights.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic, that is how it fails"
)]

mod chain_trouble;
mod chaos;
mod clocks;
mod endpoints;
mod evidence;
mod modes;
mod nodes;
mod operator;
mod policies;
mod rails;
mod restarts;
mod support;
mod switches;
