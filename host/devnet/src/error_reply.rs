//! Errors in the form that nodes give them.

mod assert_hash;
mod exception;
mod reply;

pub(crate) use exception::Exception;
pub(crate) use reply::{ErrorReply, SourceLocation};
