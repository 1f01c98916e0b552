//! The journal of decisions: every situation that a policy was asked about, and what it answered. From it comes what another policy
//! would have done: `dogwatch replay`.
//!
//! It is bounded, compressed, private, and holds no secret, since no policy sees one. It is no part of the state: a daemon that cannot
//! write it does everything else.

mod entry;
mod reader;
mod segment;
mod writer;

pub use entry::{Answer, JournalEntry, PolicyIdentity};
pub use reader::{JournalError, read};
pub use writer::DecisionJournal;

/// Its name in the state directory.
pub const DIRECTORY: &str = "decisions";
