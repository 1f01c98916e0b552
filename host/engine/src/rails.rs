//! The rails: what no policy, and without `--force` no operator, can pass.
//!
//! `check.rs` holds every rail, in order: read it to learn when a switch is refused. `refusal.rs` holds one row per
//! refusal: read it to learn what a refusal says, whether `--force` passes it, and what the operator is told to do.

mod check;
mod refusal;

pub(crate) use check::{Candidate, Duty, Facts, PastMove, UpcomingSlot, check, named_node};
#[cfg(test)]
pub(crate) use refusal::tests::examples;
pub use refusal::{Lifetime, Refusal, Strength};
