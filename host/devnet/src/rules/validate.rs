//! What a node checks in a transaction without looking at the chain.

use dogwatch_chain::{Operation, Transaction, WitnessSetProperties};
use serde_json::json;

use crate::error_reply::{ErrorReply, Exception, SourceLocation};

const PLACE: SourceLocation = ("hive_operations.hpp", 426, "validate");
/// The longest URL, in bytes.
const MAX_URL: usize = 2048;

/// Checks the transaction and the values in its operations.
pub(super) fn validate(transaction: &Transaction) -> Result<(), ErrorReply> {
    if transaction.operations.is_empty() {
        let text = "A transaction must have at least one operation";
        let place = ("transaction.cpp", 31, "validate");
        return Err(ErrorReply::assert("operations.size() > 0", text, place, json!({ "subject": 0 })));
    }
    transaction.operations.iter().try_for_each(|op| match op {
        Operation::WitnessSetProperties(op) => set_properties(op),
        Operation::WitnessUpdate(op) => {
            url(&op.url)?;
            let fee = op.props.account_creation_fee.millis;
            if fee < 0 {
                let expression = "account_creation_fee.amount >= HIVE_MIN_ACCOUNT_CREATION_FEE";
                let text = "Account creation fee must be at least the minimum";
                return Err(ErrorReply::assert(expression, text, PLACE, json!({ "min": 0 })));
            }
            if op.props.maximum_block_size < 65_536 {
                let text = "Maximum block size is set too low";
                let data = json!({ "subject": op.props.maximum_block_size, "min": 65_536 });
                return Err(ErrorReply::assert("maximum_block_size >= HIVE_MIN_BLOCK_SIZE_LIMIT", text, PLACE, data));
            }
            let rate = op.props.interest_rate;
            if rate > 10_000 {
                let text = format!("Number exceeds 100 percent. Value: {rate}, Max: 10000");
                return Err(ErrorReply::assert("number <= HIVE_100_PERCENT", text, PLACE, json!({ "max": 10_000 })));
            }
            Ok(())
        }
        _ => Ok(()),
    })
}

fn url(url: &str) -> Result<(), ErrorReply> {
    if url.is_empty() {
        let place = ("validation.hpp", 60, "validate_string_is_not_empty");
        return Err(ErrorReply::assert("str.size() > 0", "String is empty.", place, json!({})));
    }
    if url.len() > MAX_URL {
        let place = ("validation.hpp", 70, "validate_string_max_size");
        return Err(ErrorReply::assert("str.size() <= max_size", "String is too long.", place, json!({})));
    }
    Ok(())
}

fn set_properties(op: &WitnessSetProperties) -> Result<(), ErrorReply> {
    if !op.props.contains_key("key") {
        let text = "No signing key provided";
        return Err(ErrorReply::assert("itr != props.end()", text, PLACE, json!({})));
    }
    for name in ["key", "new_signing_key"] {
        if op.props.contains_key(name) && op.key(name).is_none() {
            let place = ("raw.hpp", 120, "unpack");
            return Err(ErrorReply::thrown(Exception::EndOfFile, "stringstream", place, json!({ "name": name })));
        }
    }
    if op.props.contains_key("url") {
        url(&url_prop(op).unwrap_or_default())?;
    }
    Ok(())
}

/// The URL that an operation sets: a packed string, whose length takes one byte or more.
pub(super) fn url_prop(op: &WitnessSetProperties) -> Option<String> {
    let bytes = op.props.get("url")?;
    let skip = bytes.iter().position(|byte| *byte < 0x80)?.checked_add(1)?;
    String::from_utf8(bytes.get(skip..)?.to_vec()).ok()
}
