//! JSON-RPC as nodes do it: which methods, which parameters, which errors.

mod methods;
mod params;
mod read_transaction;
mod request;
mod transaction_errors;

pub(crate) use methods::{BroadcastMode, MethodOutcome};
pub(crate) use request::parse;
