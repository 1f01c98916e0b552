//! JSON-RPC as nodes speak it: methods, parameters and errors.

mod methods;
mod params;
mod read_transaction;
mod request;
mod transaction_errors;

pub(crate) use methods::{BroadcastMode, MethodOutcome};
pub(crate) use request::parse;
