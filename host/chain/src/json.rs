//! The JSON form of transactions, as `condenser_api` has it.

mod error;
mod key_change;
mod read;
mod write;

pub use error::TransactionJsonError;
pub use key_change::key_change_from_json;
pub use read::transaction_from_json;
pub use write::transaction_to_json;
