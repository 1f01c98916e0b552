//! The pool: every configured endpoint, none ever removed.

mod batches;
mod chain_check;
mod endpoints;
mod error;
mod member;
mod ranking;
mod state;
mod status;

pub(crate) use chain_check::{ask as chain_id, ensure_right_chain};
pub use endpoints::Pool;
pub use error::PoolError;
pub(crate) use member::Member;
pub(crate) use state::{ChainCheck, Gate};
pub use status::{ChainVerdict, EndpointHealth, EndpointSnapshot};
