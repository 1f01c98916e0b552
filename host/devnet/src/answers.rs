//! What a node answers to questions about its chain.

pub(crate) mod accounts;
mod amounts;
pub(crate) mod blocks;
mod context;
pub(crate) mod globals;
pub(crate) mod schedule;
pub(crate) mod status;
pub(crate) mod witnesses;

pub(crate) use context::{AnswerContext, JsonForm};
pub(crate) use schedule::FutureRound;
