//! Answers that are only relayed: proven without parsing their results.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::RpcError;
use crate::jsonrpc::proof::not_json;

/// A JSON-RPC answer whose parts are unparsed text.
#[derive(Clone, Copy, Debug)]
pub struct RawAnswer<'a> {
    /// The id as it was written; `None` if it is missing or null.
    pub id: Option<&'a str>,
    /// The result or the error as it was written.
    pub outcome: Result<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct AnswerEnvelope<'a> {
    #[serde(borrow)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    // A null result counts; a missing one does not.
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> RawAnswer<'a> {
    /// Reads the body of one answer.
    ///
    /// # Errors
    ///
    /// If it is not JSON-RPC 2.0.
    pub fn read(body: &'a [u8]) -> Result<Self, RpcError> {
        let envelope: AnswerEnvelope<'a> = serde_json::from_slice(body).map_err(|error| match error.is_data() {
            true => RpcError::NotJsonRpc { what: "not an answer object" },
            false => not_json(body, &error),
        })?;
        envelope.open()
    }

    /// Reads the body of the answers to a batch; `None` if it is a single answer to the whole batch.
    ///
    /// # Errors
    ///
    /// If it is not JSON-RPC 2.0.
    pub fn read_batch(body: &'a [u8]) -> Result<Option<Vec<Self>>, RpcError> {
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
            return Self::read(body).map(|_| None);
        }
        let all: Vec<AnswerEnvelope<'a>> = serde_json::from_slice(body).map_err(|error| match error.is_data() {
            true => RpcError::NotJsonRpc { what: "not a list of answer objects" },
            false => not_json(body, &error),
        })?;
        all.into_iter().map(AnswerEnvelope::open).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// Whether it answers the request with that id, however the id is written.
    pub fn answers(&self, id: Option<&str>) -> bool {
        let same = |one: &str, other: &str| {
            one == other || serde_json::from_str::<serde_json::Value>(one).ok() == serde_json::from_str(other).ok()
        };
        match (self.id, id) {
            (Some(found), Some(asked)) => same(found, asked),
            (None, None) => true,
            // A node that could not read the request cannot repeat its id.
            (None, Some(_)) => self.outcome.is_err(),
            (Some(_), None) => false,
        }
    }
}

impl<'a> AnswerEnvelope<'a> {
    fn open(self) -> Result<RawAnswer<'a>, RpcError> {
        if self.jsonrpc.map(RawValue::get) != Some("\"2.0\"") {
            return Err(RpcError::NotJsonRpc { what: "no \"jsonrpc\": \"2.0\"" });
        }
        let some = |value: Option<&'a RawValue>| value.map(RawValue::get).filter(|text| *text != "null");
        let outcome = match (self.result.map(RawValue::get), some(self.error)) {
            (Some(result), None) => Ok(result),
            (None | Some("null"), Some(error)) => Err(error),
            (Some(_), Some(_)) => return Err(RpcError::NotJsonRpc { what: "both a result and an error" }),
            (None, None) => return Err(RpcError::NotJsonRpc { what: "neither a result nor an error" }),
        };
        Ok(RawAnswer { id: some(self.id), outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer() {
        let read = |text: &'static str| RawAnswer::read(text.as_bytes()).map(|answer| (answer.id, answer.outcome));
        assert_eq!(read(r#"{"jsonrpc":"2.0","result":{"a": 1},"id":7}"#).unwrap(), (Some("7"), Ok(r#"{"a": 1}"#)));
        assert_eq!(read(r#"{"jsonrpc":"2.0","result":null,"id":"x"}"#).unwrap(), (Some("\"x\""), Ok("null")));
        assert_eq!(read(r#"{"jsonrpc":"2.0","result":null,"error":{},"id":1}"#).unwrap(), (Some("1"), Err("{}")));
        assert_eq!(read(r#" {"id":null,"error":{"code":1},"jsonrpc":"2.0"} "#).unwrap(), (None, Err(r#"{"code":1}"#)));
        for bad in [
            "",
            "<html>",
            "[]",
            "\"ok\"",
            r#"{"status":"OK"}"#,
            r#"{"jsonrpc":"1.0","result":1,"id":1}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","result":1,"error":{"code":1},"id":1}"#,
            r#"{"jsonrpc":"2.0","result":1,"result":2,"id":1}"#,
            r#"{"jsonrpc":"2.0","result":{"a"#,
            r#"{"jsonrpc":"2.0","result":1,"id":1}x"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn whose_answer_it_is() {
        let answers = |body: &'static str, id| RawAnswer::read(body.as_bytes()).unwrap().answers(id);
        assert!(answers(r#"{"jsonrpc":"2.0","result":1,"id":7}"#, Some("7")));
        assert!(answers(r#"{"jsonrpc":"2.0","result":1,"id":"a/b"}"#, Some(r#""a\/b""#)));
        assert!(!answers(r#"{"jsonrpc":"2.0","result":1,"id":7}"#, Some("8")));
        assert!(!answers(r#"{"jsonrpc":"2.0","result":1,"id":7}"#, Some("\"7\"")));
        assert!(!answers(r#"{"jsonrpc":"2.0","result":1,"id":null}"#, Some("7")));
        assert!(answers(r#"{"jsonrpc":"2.0","error":{},"id":null}"#, Some("7")));
        assert!(answers(r#"{"jsonrpc":"2.0","result":1}"#, None));
        assert!(!answers(r#"{"jsonrpc":"2.0","result":1,"id":7}"#, None));
    }

    #[test]
    fn answers_to_a_batch() {
        let read = |text: &'static str| RawAnswer::read_batch(text.as_bytes()).map(|all| all.map(|all| all.len()));
        assert_eq!(read(r#" [{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","error":{},"id":2}]"#), Ok(Some(2)));
        assert_eq!(read(r#"{"jsonrpc":"2.0","error":{"code":-32600},"id":null}"#), Ok(None));
        assert!(read("[1]").is_err() && read("[").is_err() && read("").is_err());
        assert!(read(r#"[{"jsonrpc":"2.0","id":1}]"#).is_err());
    }
}
