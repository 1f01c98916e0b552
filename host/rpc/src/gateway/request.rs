//! Clients' requests, parsed only as far as needed to know how to relay them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A request body.
#[derive(Debug)]
pub(super) enum ClientRequest<'a> {
    One(ClientCall<'a>),
    Batch(Vec<(ClientCall<'a>, &'a str)>),
}

/// One call.
#[derive(Clone, Debug)]
pub(super) struct ClientCall<'a> {
    /// For example `condenser_api.get_block`, also if it was written in the older form `call`.
    pub(super) method: String,
    /// The id as it was written; `None` if it is missing or null.
    pub(super) id: Option<&'a str>,
    pub(super) kind: CallKind,
    params: Option<&'a str>,
}

/// How a call may be relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    /// It changes nothing, and may be repeated anywhere.
    Read,
    /// A transaction: the same bytes may go to several endpoints at once.
    Broadcast,
    /// A broadcast that waits for a block: it goes to one endpoint, and to another only if it did not arrive.
    BroadcastAndWait,
}

/// A body that is not JSON-RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) code: i32,
    pub(super) message: &'static str,
}

#[derive(Deserialize)]
struct CallEnvelope<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

const NOT_JSON: Malformed = Malformed { code: -32700, message: "the request is not JSON" };
const NOT_A_CALL: Malformed =
    Malformed { code: -32600, message: "the request is not a JSON-RPC call: it needs one method and at most one id" };
const EMPTY_BATCH: Malformed = Malformed { code: -32600, message: "the batch is empty" };
const BAD_ID: Malformed = Malformed { code: -32600, message: "the id must be a number or a string" };

impl<'a> ClientRequest<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(body).map_err(|_| NOT_JSON)?;
        if !text.trim_start().starts_with('[') {
            return ClientCall::read(text).map(Self::One);
        }
        let parts: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| NOT_JSON)?;
        if parts.is_empty() {
            return Err(EMPTY_BATCH);
        }
        let calls = parts.into_iter().map(|part| Ok((ClientCall::read(part.get())?, part.get())));
        calls.collect::<Result<_, _>>().map(Self::Batch)
    }
}

impl<'a> ClientCall<'a> {
    fn read(text: &'a str) -> Result<Self, Malformed> {
        // A duplicate member is refused: some parsers read the first, others the last.
        let call: CallEnvelope<'a> =
            serde_json::from_str(text).map_err(|error| if error.is_data() { NOT_A_CALL } else { NOT_JSON })?;
        let params = call.params.map(RawValue::get);
        let method = match (&*call.method, params) {
            ("call", Some(params)) => older_form(params).unwrap_or_else(|| "call".to_owned()),
            _ => call.method.into_owned(),
        };
        let id = call.id.map(RawValue::get).filter(|id| *id != "null");
        if id.is_some_and(|id| !id.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())) {
            return Err(BAD_ID);
        }
        let kind = CallKind::of(&method);
        Ok(Self { method, id, kind, params })
    }

    /// The block it asks for, if it asks for nothing else.
    pub(super) fn block(&self) -> Option<(BlockForm, u32)> {
        #[derive(Deserialize)]
        struct Named {
            block_num: u32,
        }
        let params = self.params?;
        match self.method.as_str() {
            "condenser_api.get_block" => {
                let (number,) = serde_json::from_str::<(u32,)>(params).ok()?;
                Some((BlockForm::Condenser, number))
            }
            "block_api.get_block" => Some((BlockForm::BlockApi, serde_json::from_str::<Named>(params).ok()?.block_num)),
            _ => None,
        }
    }
}

/// The form of a block in a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum BlockForm {
    Condenser,
    BlockApi,
}

/// `{"method": "call", "params": ["condenser_api", "get_block", [5]]}`: a number in place of the name stands for an old
/// API, which `condenser_api` replaces.
fn older_form(params: &str) -> Option<String> {
    let parts: Vec<&RawValue> = serde_json::from_str(params).ok()?;
    let text = |index: usize| serde_json::from_str::<String>(parts.get(index)?.get()).ok();
    let api = text(0).unwrap_or_else(|| "condenser_api".to_owned());
    Some(format!("{api}.{}", text(1)?))
}

impl CallKind {
    /// Anything that looks like a broadcast is treated as one: not repeating a read does no harm.
    fn of(method: &str) -> Self {
        let name = method.rsplit_once('.').map_or(method, |(_, name)| name);
        match name {
            "broadcast_transaction" => Self::Broadcast,
            _ if name.contains("broadcast") => Self::BroadcastAndWait,
            _ => Self::Read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> ClientCall<'_> {
        match ClientRequest::read(text.as_bytes()) {
            Ok(ClientRequest::One(call)) => call,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn calls() {
        let call = one(r#"{"jsonrpc":"2.0","method":"condenser_api.get_block","params":[5],"id":"a"}"#);
        assert_eq!(
            (call.method.as_str(), call.id, call.kind),
            ("condenser_api.get_block", Some("\"a\""), CallKind::Read)
        );
        assert_eq!(call.block(), Some((BlockForm::Condenser, 5)));
        let call = one(r#"{"id":1,"method":"block_api.get_block","params":{"block_num":7}}"#);
        assert_eq!(call.block(), Some((BlockForm::BlockApi, 7)));
        let call = one(r#"{"method":"call","params":["condenser_api","get_block",[5]],"id":1}"#);
        assert_eq!((call.method.as_str(), call.block()), ("condenser_api.get_block", None));
        let call = one(r#"{"method":"call","params":[0,"broadcast_transaction",[{}]],"id":1}"#);
        assert_eq!((call.method.as_str(), call.kind), ("condenser_api.broadcast_transaction", CallKind::Broadcast));
        for (method, kind) in [
            ("network_broadcast_api.broadcast_transaction", CallKind::Broadcast),
            ("condenser_api.broadcast_transaction_synchronous", CallKind::BroadcastAndWait),
            ("network_broadcast_api.broadcast_block", CallKind::BroadcastAndWait),
            ("broadcast_transaction", CallKind::Broadcast),
            ("condenser_api.get_witness_by_account", CallKind::Read),
        ] {
            assert_eq!(CallKind::of(method), kind, "{method}");
        }
        assert_eq!(one(r#"{"method":"x","id":null}"#).id, None);
        assert_eq!(one(r#"{"method":"x\u002ey","id":1}"#).method, "x.y");
    }

    #[test]
    fn batches() {
        let body = br#"[{"method":"a","id":1}, {"method":"b","id":2}]"#;
        let Ok(ClientRequest::Batch(calls)) = ClientRequest::read(body) else { panic!("no batch") };
        assert_eq!(calls[1].1, r#"{"method":"b","id":2}"#);
        assert_eq!(ClientRequest::read(b"[]").err(), Some(EMPTY_BATCH));
    }

    #[test]
    fn bodies_that_are_no_call() {
        for (body, expected) in [
            (&b""[..], NOT_JSON),
            (b"{", NOT_JSON),
            (b"\xff", NOT_JSON),
            (b"1", NOT_A_CALL),
            (b"{}", NOT_A_CALL),
            (br#"{"method":5,"id":1}"#, NOT_A_CALL),
            (br#"{"method":"condenser_api.get_block","method":"condenser_api.broadcast_transaction"}"#, NOT_A_CALL),
            (br#"{"method":"a","params":[1],"params":[2]}"#, NOT_A_CALL),
            (br#"{"method":"a","id":{}}"#, BAD_ID),
            (br#"{"method":"a","id":true}"#, BAD_ID),
            (b"[1]", NOT_A_CALL),
        ] {
            assert_eq!(ClientRequest::read(body).err(), Some(expected), "{}", String::from_utf8_lossy(body));
        }
    }
}
