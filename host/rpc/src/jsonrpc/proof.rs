//! Proof that a body is the answer to a request.

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::RpcError;
use crate::jsonrpc::envelope::{self, Answer};
use crate::jsonrpc::lenient::readable;

/// Reads a body as the answer to the call with that id. The result's shape is not checked.
///
/// # Errors
///
/// If the body is not JSON-RPC 2.0, or the answer to another request.
pub fn prove(body: &[u8], id: u64, endpoint: &Endpoint) -> Result<Answer, RpcError> {
    envelope::single(parse(body)?, id, endpoint)
}

/// Reads a body as the answers to a batch of calls with those ids, in their order; `None` if the batch is refused as a
/// whole.
///
/// # Errors
///
/// If the body is not JSON-RPC 2.0, or lacks an answer, or contains one to another request.
pub fn prove_batch(body: &[u8], ids: &[u64], endpoint: &Endpoint) -> Result<Option<Vec<Answer>>, RpcError> {
    envelope::batch(parse(body)?, ids, endpoint)
}

fn parse(body: &[u8]) -> Result<Value, RpcError> {
    serde_json::from_slice(body).or_else(|error| match error.is_eof() {
        true => Err(not_json(body, &error)),
        false => serde_json::from_str(&readable(body)).map_err(|_| not_json(body, &error)),
    })
}

pub(crate) fn not_json(body: &[u8], error: &serde_json::Error) -> RpcError {
    RpcError::NotJson {
        what: match (body.is_empty(), error.is_eof()) {
            (true, _) => "it is empty".to_owned(),
            (false, true) => format!("it breaks off after {} bytes", body.len()),
            (false, false) => format!("at line {}, column {}", error.line(), error.column()),
        },
    }
}
