//! A JSON-RPC request as nodes parse it, with their error codes.

use serde_json::{Value, json};

use super::params::not_an_array;
use crate::error_reply::ErrorReply;

/// One request.
#[derive(Debug)]
pub(crate) struct NodeRequest<'a> {
    pub(crate) id: Value,
    pub(super) api: &'a str,
    pub(super) method: &'a str,
    params: RequestParams<'a>,
}

#[derive(Clone, Copy, Debug)]
enum RequestParams<'a> {
    Given(&'a Value),
    Missing,
}

/// Parses a request. The error comes with the id to answer under.
pub(crate) fn parse(request: &Value) -> Result<NodeRequest<'_>, (Value, ErrorReply)> {
    let id = request.get("id").cloned().unwrap_or_default();
    let refuse = |code, text: &str| Err((id.clone(), ErrorReply::protocol(code, text)));
    match request.get("id") {
        None | Some(Value::String(_)) => {}
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {}
        Some(_) => {
            let text = "Only integer value or string is allowed for member \"id\"";
            return Err((Value::Null, ErrorReply::protocol(-32600, text)));
        }
    }
    if request.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refuse(-32600, "jsonrpc value is not \"2.0\"");
    }
    let Some(method) = request.get("method").and_then(Value::as_str) else {
        return refuse(-32600, "A member \"method\" does not exist");
    };
    let params = request.get("params").map_or(RequestParams::Missing, RequestParams::Given);
    if method == "call" {
        return match params {
            RequestParams::Missing => refuse(-32001, "A member \"params\" does not exist"),
            RequestParams::Given(Value::Array(parts)) => match parts.as_slice() {
                [Value::String(api), Value::String(method)] => {
                    Ok(NodeRequest { id, api, method, params: RequestParams::Missing })
                }
                [Value::String(api), Value::String(method), args] => {
                    Ok(NodeRequest { id, api, method, params: RequestParams::Given(args) })
                }
                _ => Err((
                    id,
                    specification("params should be {\"api\", \"method\", \"args\"", "v.size() == 2 || v.size() == 3"),
                )),
            },
            RequestParams::Given(other) => Err((id, not_an_array(other))),
        };
    }
    match method.split_once('.') {
        Some((api, method)) if !method.contains('.') => Ok(NodeRequest { id, api, method, params }),
        _ => Err((id, specification("method specification invalid. Should be api.method", "v.size() == 2"))),
    }
}

/// The error for a method that is not named as `api.method`.
fn specification(text: &str, expression: &str) -> ErrorReply {
    let place = ("json_rpc_plugin.cpp", 430, "process_params");
    ErrorReply::assert(expression, text, place, json!({})).with_code(-32002)
}

impl NodeRequest<'_> {
    /// Whether it asks for blocks, and not only for a header.
    pub(crate) fn wants_block(&self) -> bool {
        matches!(self.method, "get_block" | "get_block_range")
    }

    /// The arguments of a `condenser_api` method: an array, even for none.
    pub(super) fn args(&self) -> Result<&[Value], ErrorReply> {
        match self.params {
            RequestParams::Given(Value::Array(args)) => Ok(args),
            RequestParams::Given(other) => Err(not_an_array(other)),
            RequestParams::Missing => Err(not_an_array(&json!({}))),
        }
    }

    /// A parameter of the newer APIs, which take an object.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        match self.params {
            RequestParams::Given(params) => params.get(name),
            RequestParams::Missing => None,
        }
    }

    /// Exactly `N` arguments.
    pub(super) fn exactly<'v, const N: usize>(&self, args: &'v [Value]) -> Result<&'v [Value; N], ErrorReply> {
        args.try_into().map_err(|_| {
            let place = ("condenser_api.cpp", 400, "args");
            let text = format!("Expected #s argument(s), was {}", args.len());
            ErrorReply::assert(&format!("args.size() == {N}"), text, place, json!({ "n": args.len() }))
        })
    }

    /// The only argument.
    pub(super) fn only<'v>(&self, args: &'v [Value]) -> Result<&'v Value, ErrorReply> {
        let [only] = self.exactly(args)?;
        Ok(only)
    }
}
