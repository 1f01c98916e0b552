//! Reads a transaction as leniently as a node does.
//!
//! A node ignores unknown members and fills in missing ones with defaults. The digest then differs from the signed one,
//! and the node reports a missing authority.

use dogwatch_chain::{Profile, SignedTransaction, transaction_from_json};
use serde_json::{Map, Value, json};

use super::params::bad_cast;
use super::transaction_errors::{bad_hex, transaction_error};
use crate::error_reply::ErrorReply;

/// The transaction as a node reads it.
pub(super) fn read_transaction(json: &Value, profile: &Profile) -> Result<SignedTransaction, ErrorReply> {
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
    transaction_from_json(&trx, profile).map_err(|error| transaction_error(&error, &trx, profile))
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
            // A missing key is all zeros: the null key.
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

/// Converts an amount from the newer form, `{"amount": "1", "precision": 3, "nai": "@@000000021"}`, to the older text.
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
