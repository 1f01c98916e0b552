//! Reads a transaction as leniently as a node does, and refuses it in a node's words.
//!
//! A node passes over unknown members and fills in missing ones with defaults. The digest is then another than the
//! one that was signed, which shows as a missing authority.

use dogwatch_chain::{
    AssetError, KeyError, KeyPrefix, Profile, SignedTransaction, TransactionJsonError, transaction_from_json,
};
use serde_json::{Map, Value, json};

use crate::error::{NodeError, Thrown};

const JSON: (&str, u32, &str) = ("variant.cpp", 539, "get_object");

/// The transaction that a node reads from this JSON.
pub(crate) fn read(json: &Value, profile: &Profile) -> Result<SignedTransaction, NodeError> {
    let Some(members) = json.as_object() else {
        return Err(bad_cast(json, "Object"));
    };
    if let Some(digit) =
        strings(members.get("signatures")).find_map(|text| text.chars().find(|c| !c.is_ascii_hexdigit()))
    {
        return Err(bad_hex(digit));
    }
    let operations: Vec<Value> = members
        .get("operations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|op| operation(op, profile))
        .collect();
    let trx = json!({
        "ref_block_num": members.get("ref_block_num").unwrap_or(&json!(0)),
        "ref_block_prefix": members.get("ref_block_prefix").unwrap_or(&json!(0)),
        "expiration": members.get("expiration").unwrap_or(&json!("1970-01-01T00:00:00")),
        "operations": operations,
        "signatures": members.get("signatures").unwrap_or(&json!([])),
    });
    transaction_from_json(&trx, profile).map_err(|error| refusal(&error, &trx, profile))
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn operation(op: &Value, profile: &Profile) -> Value {
    let (name, value) = match op {
        Value::Array(pair) => (pair.first().and_then(Value::as_str), pair.get(1)),
        other => {
            let name = other.get("type").and_then(Value::as_str);
            (name.map(|name| name.strip_suffix("_operation").unwrap_or(name)), other.get("value"))
        }
    };
    let (Some(name), Some(Value::Object(value))) = (name, value) else { return op.clone() };
    let member = |of: &Map<String, Value>, name: &str, default: Value| of.get(name).cloned().unwrap_or(default);
    match name {
        "witness_set_properties" => {
            json!([name, { "owner": member(value, "owner", json!("")), "props": member(value, "props", json!([])) }])
        }
        "witness_update" => {
            let none = Map::new();
            let props = value.get("props").and_then(Value::as_object).unwrap_or(&none);
            let interest = profile.interest_field.as_str();
            let zero = json!(format!("0.000 {}", profile.liquid));
            // A missing key is all zeros, as the null key is.
            let null_key = format!("{}1111111111111111111111111111111114T1Anm", profile.prefix.as_str());
            json!([name, {
                "owner": member(value, "owner", json!("")),
                "url": member(value, "url", json!("")),
                "block_signing_key": member(value, "block_signing_key", json!(null_key)),
                "props": {
                    "account_creation_fee": asset(member(props, "account_creation_fee", zero.clone()), profile),
                    "maximum_block_size": member(props, "maximum_block_size", json!(131_072)),
                    interest: member(props, interest, json!(1000)),
                },
                "fee": asset(member(value, "fee", zero), profile),
            }])
        }
        _ => op.clone(),
    }
}

/// An amount in the newer form, `{"amount": "1", "precision": 3, "nai": "@@000000021"}`, as the older text.
fn asset(value: Value, profile: &Profile) -> Value {
    let parts = value.get("amount").and_then(Value::as_str).and_then(|amount| amount.parse::<i64>().ok());
    let symbol = match value.get("nai").and_then(Value::as_str) {
        Some("@@000000021") => &profile.liquid,
        Some("@@000000013") => &profile.debt,
        _ => return value,
    };
    parts.map_or_else(
        || value.clone(),
        |millis| json!(format!("{}.{:03} {symbol}", millis.div_euclid(1000), millis.rem_euclid(1000))),
    )
}

fn bad_cast(value: &Value, to: &str) -> NodeError {
    let kind = match value {
        Value::Null => "null_type",
        Value::Bool(_) => "bool_type",
        Value::Number(_) => "int64_type",
        Value::String(_) => "string_type",
        Value::Array(_) => "array_type",
        Value::Object(_) => "object_type",
    };
    let text = format!("Invalid cast from {kind} to {to}, the variant is {value}");
    NodeError::thrown(Thrown::BadCast, text, JSON, json!({ "type": kind, "th": value }))
}

/// Parameters that are no array where one belongs.
pub(crate) fn not_an_array(value: &Value) -> NodeError {
    bad_cast(value, "Array")
}

fn bad_hex(digit: char) -> NodeError {
    let text = format!("Invalid hex character '{digit}'");
    NodeError::thrown(Thrown::Unspecified, text, ("hex.cpp", 14, "from_hex"), json!({ "c": digit.to_string() }))
}

fn refusal(error: &TransactionJsonError, trx: &Value, profile: &Profile) -> NodeError {
    match error {
        TransactionJsonError::Time(_) => {
            let what = "bad lexical cast: source type value could not be interpreted as target";
            let text = format!("{what}: unable to convert ISO-formatted string to fc::time_point_sec");
            NodeError::thrown(
                Thrown::BadLexicalCast,
                text,
                ("time.cpp", 90, "from_iso_string"),
                json!({ "what": what }),
            )
        }
        TransactionJsonError::Key { source, .. } => key(source, trx, &profile.prefix),
        TransactionJsonError::Asset { source: AssetError::Symbol { found, .. }, .. } => {
            let place = ("asset.cpp", 485, "string_to_asset_num");
            NodeError::assert("false", "Cannot parse asset symbol", place, json!({ "subject": found }))
        }
        TransactionJsonError::Asset { .. } => NodeError::assert(
            "dot_pos != std::string::npos",
            "Cannot parse asset",
            ("asset.cpp", 590, "from_string"),
            json!({}),
        ),
        TransactionJsonError::Hex { .. } => {
            let digit = trx.to_string().chars().find(|c| *c == 'z').unwrap_or('?');
            bad_hex(digit)
        }
        TransactionJsonError::Name(name) => {
            let place = ("account.hpp", 20, "validate_account_name");
            let text = format!("Account name is invalid: {name}");
            NodeError::assert("is_valid_account_name( name )", text, place, json!({}))
        }
        TransactionJsonError::Operation(name) => {
            let text = format!("Invalid operation name: {name}");
            NodeError::assert("itr != to_tag.end()", text, ("static_variant.hpp", 380, "from_variant"), json!({}))
        }
        other => NodeError::thrown(Thrown::BadCast, format!("Invalid cast: {other}"), JSON, json!({})),
    }
}

fn key(error: &KeyError, trx: &Value, prefix: &KeyPrefix) -> NodeError {
    let text = trx.pointer("/operations/0/1/block_signing_key").and_then(Value::as_str).unwrap_or_default();
    let place = ("elliptic_common.cpp", 176, "from_base58");
    match error {
        KeyError::Prefix { .. } if text.len() <= prefix.as_str().len() => {
            NodeError::assert("b58_with_prefix.size() > prefix_len", "", place, json!({}))
        }
        KeyError::Prefix { .. } => {
            let expression = "b58_with_prefix.substr( 0, prefix_len ) == prefix";
            NodeError::assert(expression, "", place, json!({ "b58_with_prefix": text }))
        }
        KeyError::Base58 => {
            let body = text.strip_prefix(prefix.as_str()).unwrap_or(text);
            let place = ("base58.cpp", 622, "from_base58");
            let text = format!("Unable to decode base58 string {body}");
            NodeError::thrown(Thrown::Parse, text, place, json!({ "base58_str": body }))
        }
        KeyError::Length { .. } => NodeError::assert("s == sizeof(data)", "", place, json!({})),
        _ => {
            let expression = "memcmp( (char*)&check, data.data + sizeof(key), sizeof(check) ) == 0";
            NodeError::assert(expression, "", place, json!({}))
        }
    }
}
