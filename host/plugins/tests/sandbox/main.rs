//! The sandbox, with real plugins in it.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod channel;
mod hostile;
mod library;
mod loading;
mod policy;
mod signatures;
mod support;
