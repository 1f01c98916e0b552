//! Proof that a body is the answer to a request.

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::RpcError;
use crate::jsonrpc::envelope::{self, Answer};

/// Takes a body for the answer to the call with that id, or says why it is none. The result's shape is not looked at.
pub fn prove(body: &[u8], id: u64, endpoint: &Endpoint) -> Result<Answer, RpcError> {
    envelope::single(parse(body)?, id, endpoint)
}

/// Takes a body for the answers to a batch of calls with those ids, and puts them in their order; nothing where it refuses
/// the batch as a whole.
pub fn prove_batch(body: &[u8], ids: &[u64], endpoint: &Endpoint) -> Result<Option<Vec<Answer>>, RpcError> {
    envelope::batch(parse(body)?, ids, endpoint)
}

fn parse(body: &[u8]) -> Result<Value, RpcError> {
    serde_json::from_slice(body).map_err(|error| not_json(body, &error))
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
