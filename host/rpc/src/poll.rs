//! Polls: the same question to every endpoint at once.

mod reading;
mod round;

pub use reading::{PollAnswer, PollRequest};
