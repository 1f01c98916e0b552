//! The catalogue of hostile plugins, played against the sandbox.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod book;
mod calls;
mod catalogue;
mod damaged;
mod files;
