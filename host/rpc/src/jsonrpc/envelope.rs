//! JSON-RPC 2.0: requests, and what counts as an answer to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::error::{NodeError, RpcError};

/// A method and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct RpcCall {
    /// For example `condenser_api.get_block`.
    pub method: &'static str,
    /// An array for `condenser_api`, an object elsewhere.
    pub params: Value,
}

/// The result of a call, or the node's error.
pub type Answer = Result<Value, NodeError>;

/// The answer to a batch.
#[derive(Debug)]
pub(crate) enum Batch {
    /// One answer per call, in their order.
    Each(Vec<Answer>),
    /// The endpoint takes no batches, or not this one.
    Refused,
}

impl RpcCall {
    /// A call with these parameters.
    pub fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }
}

pub(crate) fn request(call: &RpcCall, id: u64) -> Value {
    json!({ "jsonrpc": "2.0", "method": call.method, "params": call.params, "id": id })
}

/// The answer to one request.
pub(crate) fn single(answer: Value, id: u64, endpoint: &Endpoint) -> Result<Answer, RpcError> {
    let (found, answer) = open(answer, endpoint)?;
    match (found, &answer) {
        (Some(found), _) if found == id => Ok(answer),
        // A node that could not read the request cannot repeat its id.
        (None, Err(_)) => Ok(answer),
        _ => Err(RpcError::WrongId),
    }
}

/// The answers to a batch, which may come in any order; `None` if it is refused as a whole.
pub(crate) fn batch(answer: Value, ids: &[u64], endpoint: &Endpoint) -> Result<Option<Vec<Answer>>, RpcError> {
    let answers = match answer {
        Value::Array(answers) => answers,
        lone => {
            return match open(lone, endpoint)? {
                (_, Err(_)) => Ok(None),
                (_, Ok(_)) => Err(RpcError::NotJsonRpc { what: "one result for a whole batch" }),
            };
        }
    };
    let mut by_id = BTreeMap::new();
    for answer in answers {
        match open(answer, endpoint)? {
            (Some(id), answer) if ids.contains(&id) => {
                if by_id.insert(id, answer).is_some() {
                    return Err(RpcError::NotJsonRpc { what: "two answers with one id" });
                }
            }
            (None, Err(error)) => return Err(RpcError::Node(error)),
            _ => return Err(RpcError::WrongId),
        }
    }
    ids.iter()
        .map(|id| by_id.remove(id).ok_or(RpcError::NotJsonRpc { what: "the batch lacks an answer" }))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// Splits an answer into its id and its result or error.
fn open(answer: Value, endpoint: &Endpoint) -> Result<(Option<u64>, Answer), RpcError> {
    let Value::Object(mut members) = answer else {
        return Err(RpcError::NotJsonRpc { what: "not an object" });
    };
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(RpcError::NotJsonRpc { what: "no \"jsonrpc\": \"2.0\"" });
    }
    let id = match members.get("id") {
        None | Some(Value::Null) => None,
        Some(id) => Some(id.as_u64().ok_or(RpcError::WrongId)?),
    };
    // Some gateways write both members, with null for the one that does not apply.
    match (members.remove("result"), members.remove("error").filter(|error| !error.is_null())) {
        (Some(result), None) => Ok((id, Ok(result))),
        (None | Some(Value::Null), Some(error)) => Ok((id, Err(NodeError::read(&error, endpoint)))),
        (Some(_), Some(_)) => Err(RpcError::NotJsonRpc { what: "both a result and an error" }),
        (None, None) => Err(RpcError::NotJsonRpc { what: "neither a result nor an error" }),
    }
}
