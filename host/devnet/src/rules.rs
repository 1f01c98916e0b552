//! The rules by which nodes accept transactions.

mod admit;
mod authority;
mod lifetime;
mod unknown_name;
mod validate;

pub(crate) use admit::{AppliedKeyChange, admit};
pub(crate) use authority::check_authority;
