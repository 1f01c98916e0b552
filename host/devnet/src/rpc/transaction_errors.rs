//! What a node answers when it cannot read a transaction.

use dogwatch_chain::{AssetError, KeyError, KeyPrefix, Profile, TransactionJsonError};
use serde_json::{Value, json};

use super::params::CONVERSION;
use crate::error_reply::{ErrorReply, Exception};

/// The error for a digit that is not hexadecimal.
pub(super) fn bad_hex(digit: char) -> ErrorReply {
    let text = format!("Invalid hex character '{digit}'");
    ErrorReply::thrown(Exception::Unspecified, text, ("hex.cpp", 14, "from_hex"), json!({ "c": digit.to_string() }))
}

/// A node's error for this transaction.
pub(super) fn transaction_error(error: &TransactionJsonError, trx: &Value, profile: &Profile) -> ErrorReply {
    match error {
        TransactionJsonError::Time(_) => {
            let what = "bad lexical cast: source type value could not be interpreted as target";
            let text = format!("{what}: unable to convert ISO-formatted string to fc::time_point_sec");
            ErrorReply::thrown(
                Exception::BadLexicalCast,
                text,
                ("time.cpp", 90, "from_iso_string"),
                json!({ "what": what }),
            )
        }
        TransactionJsonError::Key { source, .. } => key_error(source, trx, &profile.prefix),
        TransactionJsonError::Asset { source: AssetError::Symbol { found, .. }, .. } => {
            let place = ("asset.cpp", 485, "string_to_asset_num");
            ErrorReply::assert("false", "Cannot parse asset symbol", place, json!({ "subject": found }))
        }
        TransactionJsonError::Asset { .. } => ErrorReply::assert(
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
            ErrorReply::assert("is_valid_account_name( name )", text, place, json!({}))
        }
        TransactionJsonError::Operation(name) => {
            let text = format!("Invalid operation name: {name}");
            ErrorReply::assert("itr != to_tag.end()", text, ("static_variant.hpp", 380, "from_variant"), json!({}))
        }
        other => ErrorReply::thrown(Exception::BadCast, format!("Invalid cast: {other}"), CONVERSION, json!({})),
    }
}

fn key_error(error: &KeyError, trx: &Value, prefix: &KeyPrefix) -> ErrorReply {
    let text = trx.pointer("/operations/0/1/block_signing_key").and_then(Value::as_str).unwrap_or_default();
    let place = ("elliptic_common.cpp", 176, "from_base58");
    match error {
        KeyError::Prefix { .. } if text.len() <= prefix.as_str().len() => {
            ErrorReply::assert("b58_with_prefix.size() > prefix_len", "", place, json!({}))
        }
        KeyError::Prefix { .. } => {
            let expression = "b58_with_prefix.substr( 0, prefix_len ) == prefix";
            ErrorReply::assert(expression, "", place, json!({ "b58_with_prefix": text }))
        }
        KeyError::Base58 => {
            let body = text.strip_prefix(prefix.as_str()).unwrap_or(text);
            let place = ("base58.cpp", 622, "from_base58");
            let text = format!("Unable to decode base58 string {body}");
            ErrorReply::thrown(Exception::Parse, text, place, json!({ "base58_str": body }))
        }
        KeyError::Length { .. } => ErrorReply::assert("s == sizeof(data)", "", place, json!({})),
        _ => {
            let expression = "memcmp( (char*)&check, data.data + sizeof(key), sizeof(check) ) == 0";
            ErrorReply::assert(expression, "", place, json!({}))
        }
    }
}
