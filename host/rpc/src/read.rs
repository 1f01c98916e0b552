//! Reads: one answer that is proven, from whichever endpoint gives it first.

mod blocks;
mod call;
mod error;
mod failover;
mod headers;
mod hedge;
mod transaction_status;

pub use call::UnusableResult;
pub use error::ReadError;
pub(crate) use failover::Deadlines;
pub use transaction_status::TransactionStatus;
