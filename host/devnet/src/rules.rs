//! A node's rules for accepting transactions.

mod admit;
mod authority;
mod lifetime;
mod unknown_name;
mod validate;

pub(crate) use admit::{AppliedKeyChange, Seen, admit};
pub(crate) use authority::check_authority;
