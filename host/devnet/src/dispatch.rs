//! JSON-RPC as nodes do it: which method, which parameters, which error code.

use std::time::Duration;

use dogwatch_chain::{FutureSchedule, SignedTransaction, Time};
use serde_json::{Value, json};

use crate::answers::{Form, Sight, accounts, blocks, globals, schedule, status, witnesses};
use crate::check;
use crate::error::{NodeError, Thrown};
use crate::lenient;

/// What a request wants.
#[derive(Debug)]
pub(crate) enum Wish {
    /// An answer that only needs looking.
    Read(Value),
    /// A transaction to be broadcast.
    Broadcast {
        trx: Box<SignedTransaction>,
        /// Whether the answer waits for a block.
        wait: bool,
    },
}

/// One request, taken apart.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) id: Value,
    api: &'a str,
    method: &'a str,
    params: Params<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Params<'a> {
    Given(&'a Value),
    Missing,
}

/// Takes a request apart; on failure with the id to answer under.
pub(crate) fn parse(request: &Value) -> Result<Request<'_>, (Value, NodeError)> {
    let id = request.get("id").cloned().unwrap_or_default();
    let refuse = |code, text: &str| Err((id.clone(), NodeError::protocol(code, text)));
    match request.get("id") {
        None | Some(Value::String(_)) => {}
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {}
        Some(_) => {
            let text = "Only integer value or string is allowed for member \"id\"";
            return Err((Value::Null, NodeError::protocol(-32600, text)));
        }
    }
    if request.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refuse(-32600, "jsonrpc value is not \"2.0\"");
    }
    let Some(method) = request.get("method").and_then(Value::as_str) else {
        return refuse(-32600, "A member \"method\" does not exist");
    };
    let params = request.get("params").map_or(Params::Missing, Params::Given);
    if method == "call" {
        return match params {
            Params::Missing => refuse(-32001, "A member \"params\" does not exist"),
            Params::Given(Value::Array(parts)) => match parts.as_slice() {
                [Value::String(api), Value::String(method)] => Ok(Request { id, api, method, params: Params::Missing }),
                [Value::String(api), Value::String(method), args] => {
                    Ok(Request { id, api, method, params: Params::Given(args) })
                }
                _ => Err((
                    id,
                    specification("params should be {\"api\", \"method\", \"args\"", "v.size() == 2 || v.size() == 3"),
                )),
            },
            Params::Given(other) => Err((id, lenient::not_an_array(other))),
        };
    }
    match method.split_once('.') {
        Some((api, method)) if !method.contains('.') => Ok(Request { id, api, method, params }),
        _ => Err((id, specification("method specification invalid. Should be api.method", "v.size() == 2"))),
    }
}

fn specification(text: &str, expression: &str) -> NodeError {
    let place = ("json_rpc_plugin.cpp", 430, "process_params");
    NodeError::assert(expression, text, place, json!({})).with_code(-32002)
}

const APIS: [&str; 6] =
    ["condenser_api", "database_api", "block_api", "network_broadcast_api", "transaction_status_api", "jsonrpc"];

impl Request<'_> {
    /// What the request wants, or the answer itself when it only needs looking.
    pub(crate) fn fulfil(&self, sight: Sight<'_>) -> Result<Wish, NodeError> {
        let wish = match self.api {
            "condenser_api" => self.condenser(sight),
            "database_api" => self.database(sight),
            "block_api" => self.block(sight),
            "network_broadcast_api" if self.method == "broadcast_transaction" => {
                let trx = self.member("trx").unwrap_or(&Value::Null);
                self.check_age(sight)?;
                return self.broadcast(sight, trx, false);
            }
            "transaction_status_api" if self.method == "find_transaction" => self.find_transaction(sight).map(Some),
            _ => Ok(None),
        };
        match wish? {
            // Transactions keep their own names.
            Some(Wish::Read(value)) if sight.setup.profile.future_schedule == FutureSchedule::Unknown => {
                Ok(Wish::Read(globals::renamed(value, FutureSchedule::Unknown)))
            }
            Some(wish) => Ok(wish),
            None => Err(self.not_found()),
        }
    }

    fn condenser(&self, sight: Sight<'_>) -> Result<Option<Wish>, NodeError> {
        let args = self.args()?;
        let read = |value: Value| Ok(Some(Wish::Read(value)));
        let profile = &sight.setup.profile;
        match self.method {
            "get_dynamic_global_properties" => read(globals::dynamic(sight, Form::Legacy)),
            "get_version" => read(globals::version(sight)),
            "get_config" => read(globals::config(sight, Form::Legacy)),
            "get_hardfork_version" => read(globals::hardfork(sight)),
            "get_chain_properties" => read(globals::chain_properties(sight, Form::Legacy)),
            "get_witness_schedule" => read(schedule::schedule(sight, Form::Legacy, flag(args.first()))),
            "get_active_witnesses" => read(schedule::active(sight, flag(args.first()))),
            "get_witness_by_account" => {
                let name = text(self.only(args)?);
                short(name)?;
                read(witnesses::by_account(sight, name, Form::Legacy))
            }
            "get_witness_count" => read(json!(sight.state.witnesses.len())),
            "get_witnesses_by_vote" => {
                let [from, limit] = self.exactly(args)?;
                let limit = number(limit)?;
                if !(1..=1000).contains(&limit) {
                    let expression = "0 < args.limit && args.limit <= DATABASE_API_SINGLE_QUERY_LIMIT";
                    let place = ("database_api_accounts.cpp", 140, "list_witnesses");
                    return Err(NodeError::assert(expression, "limit not set or too big", place, json!({})));
                }
                read(witnesses::by_vote(sight, text(from), usize::try_from(limit).unwrap_or(usize::MAX)))
            }
            "get_accounts" => {
                let names = args.first().unwrap_or(&Value::Null);
                read(accounts::accounts(sight, &texts(names)?))
            }
            "get_block" => read(blocks::legacy(sight, number(self.only(args)?)?)),
            "get_block_header" => read(blocks::legacy_header(sight, number(self.only(args)?)?)),
            "is_known_transaction" => read(json!(status::known(sight, text(self.only(args)?)))),
            "get_transaction_hex" => {
                let signed = lenient::read(self.only(args)?, profile)?;
                let mut bytes = signed.transaction.to_bytes(profile);
                // At most a handful of signatures: their number fits the one byte of a short varint.
                bytes.push(u8::try_from(signed.signatures.len().min(127)).unwrap_or(0));
                let signatures: String = signed.signatures.iter().map(|signature| signature.to_hex()).collect();
                read(json!(hex::encode(bytes) + &signatures))
            }
            "verify_authority" => {
                let signed = lenient::read(self.only(args)?, profile)?;
                check::authority(sight.setup, sight.state, &signed)?;
                read(json!(true))
            }
            "broadcast_transaction" => self.broadcast(sight, self.only(args)?, false).map(Some),
            "broadcast_transaction_synchronous" => self.broadcast(sight, self.only(args)?, true).map(Some),
            _ => Ok(None),
        }
    }

    fn database(&self, sight: Sight<'_>) -> Result<Option<Wish>, NodeError> {
        let read = |value: Value| Ok(Some(Wish::Read(value)));
        let future = flag(self.member("include_future"));
        match self.method {
            "get_dynamic_global_properties" => read(globals::dynamic(sight, Form::Nai)),
            "get_version" => read(globals::version(sight)),
            "get_config" => read(globals::config(sight, Form::Nai)),
            "get_witness_schedule" => read(schedule::schedule(sight, Form::Nai, future)),
            "get_active_witnesses" => read(json!({ "witnesses": schedule::active(sight, future) })),
            "find_witnesses" => {
                let owners = self.member("owners").map(texts).transpose()?.unwrap_or_default();
                read(witnesses::find(sight, &owners))
            }
            "verify_authority" => {
                let signed = lenient::read(self.member("trx").unwrap_or(&Value::Null), &sight.setup.profile)?;
                check::authority(sight.setup, sight.state, &signed)?;
                read(json!({ "valid": true }))
            }
            "is_known_transaction" => {
                let id = self.member("id").map_or("", text);
                read(json!({ "is_known": status::known(sight, id) }))
            }
            _ => Ok(None),
        }
    }

    fn block(&self, sight: Sight<'_>) -> Result<Option<Wish>, NodeError> {
        let read = |value: Value| Ok(Some(Wish::Read(value)));
        let num = |name| self.member(name).map_or(Ok(0), number);
        match self.method {
            "get_block" => read(blocks::block(sight, num("block_num")?)),
            "get_block_header" => read(blocks::header(sight, num("block_num")?)),
            "get_block_range" => read(blocks::range(sight, num("starting_block_num")?, num("count")?.min(1000))),
            _ => Ok(None),
        }
    }

    fn find_transaction(&self, sight: Sight<'_>) -> Result<Wish, NodeError> {
        let expiration = match self.member("expiration").and_then(Value::as_str) {
            None => None,
            Some(at) => Some(Time::parse(at).map_err(|error| {
                let place = ("time.cpp", 90, "from_iso_string");
                NodeError::thrown(Thrown::BadLexicalCast, error.to_string(), place, json!({}))
            })?),
        };
        Ok(Wish::Read(status::find(sight, self.member("transaction_id").map_or("", text), expiration)))
    }

    fn broadcast(&self, sight: Sight<'_>, trx: &Value, wait: bool) -> Result<Wish, NodeError> {
        let trx = lenient::read(trx, &sight.setup.profile)?;
        Ok(Wish::Broadcast { trx: Box::new(trx), wait })
    }

    /// A client can ask a node to broadcast only when its head is no older than so many seconds.
    fn check_age(&self, sight: Sight<'_>) -> Result<(), NodeError> {
        let most = self.member("max_block_age").and_then(Value::as_i64).unwrap_or(-1);
        let age = sight.now.since(sight.state.time);
        match u64::try_from(most) {
            Ok(most) if age > Duration::from_secs(most) => {
                let place = ("network_broadcast_api.cpp", 70, "broadcast_transaction");
                let expression = "!check_max_block_age( args.max_block_age )";
                Err(NodeError::assert(expression, "", place, json!({})))
            }
            _ => Ok(()),
        }
    }

    fn not_found(&self) -> NodeError {
        let place = ("json_rpc_plugin.cpp", 402, "find_api_method");
        if APIS.contains(&self.api) {
            let text = format!("Could not find method {}", self.method);
            NodeError::assert("method_itr != api_itr->second.end()", text, place, json!({ "method": self.method }))
        } else {
            let text = format!("Could not find API {}", self.api);
            NodeError::assert("api_itr != data._registered_apis.end()", text, place, json!({ "api": self.api }))
        }
        .with_code(-32002)
    }

    /// `condenser_api` takes an array, even for no arguments at all.
    fn args(&self) -> Result<&[Value], NodeError> {
        match self.params {
            Params::Given(Value::Array(args)) => Ok(args),
            Params::Given(other) => Err(lenient::not_an_array(other)),
            Params::Missing => Err(lenient::not_an_array(&json!({}))),
        }
    }

    fn member(&self, name: &str) -> Option<&Value> {
        match self.params {
            Params::Given(params) => params.get(name),
            Params::Missing => None,
        }
    }

    fn exactly<'v, const N: usize>(&self, args: &'v [Value]) -> Result<&'v [Value; N], NodeError> {
        args.try_into().map_err(|_| {
            let place = ("condenser_api.cpp", 400, "args");
            let text = format!("Expected #s argument(s), was {}", args.len());
            NodeError::assert(&format!("args.size() == {N}"), text, place, json!({ "n": args.len() }))
        })
    }

    fn only<'v>(&self, args: &'v [Value]) -> Result<&'v Value, NodeError> {
        let [only] = self.exactly(args)?;
        Ok(only)
    }
}

fn flag(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or(false)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Result<Vec<&str>, NodeError> {
    value.as_array().map(|items| items.iter().map(text).collect()).ok_or_else(|| lenient::not_an_array(value))
}

/// Nodes read numbers from strings too.
fn number(value: &Value) -> Result<u64, NodeError> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).ok_or_else(|| {
        let place = ("string.cpp", 113, "to_uint64");
        NodeError::thrown(Thrown::Parse, "Couldn't parse uint64_t", place, json!({}))
    })
}

/// Account names are kept in 16 bytes.
fn short(name: &str) -> Result<(), NodeError> {
    if name.len() <= 16 {
        return Ok(());
    }
    let place = ("fixed_string.hpp", 60, "assign");
    let text = format!("Input too large: `{name}` ({}) for fixed size string: (16)", name.len());
    Err(NodeError::assert("in_len <= sizeof(data)", text, place, json!({ "subject": name, "max": 16 })))
}
