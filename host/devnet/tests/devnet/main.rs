//! The devnet in virtual time, compared with a real node's answers, and over real connections.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod chain;
mod common;
mod refusals;
mod server;
mod shapes;
mod split;
mod switch;
