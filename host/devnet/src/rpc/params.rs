//! Parameters, converted as leniently as nodes do.

use serde_json::{Value, json};

use crate::answers::FutureRound;
use crate::error_reply::{ErrorReply, Exception, SourceLocation};

/// Where nodes fail to convert a JSON value.
pub(super) const CONVERSION: SourceLocation = ("variant.cpp", 539, "get_object");

/// `include_future`: false if it is missing.
pub(super) fn future_round(value: Option<&Value>) -> FutureRound {
    match value.and_then(Value::as_bool) {
        Some(true) => FutureRound::Included,
        _ => FutureRound::Omitted,
    }
}

/// A text; empty if the value is not a string.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A list of texts.
pub(super) fn texts(value: &Value) -> Result<Vec<&str>, ErrorReply> {
    value.as_array().map(|items| items.iter().map(text).collect()).ok_or_else(|| not_an_array(value))
}

/// A number. Nodes also accept one in a string.
pub(super) fn number(value: &Value) -> Result<u64, ErrorReply> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).ok_or_else(|| {
        let place = ("string.cpp", 113, "to_uint64");
        ErrorReply::thrown(Exception::Parse, "Couldn't parse uint64_t", place, json!({}))
    })
}

/// Checks that an account name fits the 16 bytes that nodes keep it in.
pub(super) fn check_name_length(name: &str) -> Result<(), ErrorReply> {
    if name.len() <= 16 {
        return Ok(());
    }
    let place = ("fixed_string.hpp", 60, "assign");
    let text = format!("Input too large: `{name}` ({}) for fixed size string: (16)", name.len());
    Err(ErrorReply::assert("in_len <= sizeof(data)", text, place, json!({ "subject": name, "max": 16 })))
}

/// The error for a value of the wrong type.
pub(super) fn bad_cast(value: &Value, to: &str) -> ErrorReply {
    let kind = match value {
        Value::Null => "null_type",
        Value::Bool(_) => "bool_type",
        Value::Number(_) => "int64_type",
        Value::String(_) => "string_type",
        Value::Array(_) => "array_type",
        Value::Object(_) => "object_type",
    };
    let text = format!("Invalid cast from {kind} to {to}, the variant is {value}");
    ErrorReply::thrown(Exception::BadCast, text, CONVERSION, json!({ "type": kind, "th": value }))
}

/// The error for parameters that are not an array.
pub(super) fn not_an_array(value: &Value) -> ErrorReply {
    bad_cast(value, "Array")
}
