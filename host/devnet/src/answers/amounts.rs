//! Amounts and operations in both forms.

use dogwatch_chain::{Asset, Operation, Profile, SignedTransaction, Symbol, WitnessProps, transaction_to_json};
use serde_json::{Value, json};

use super::context::JsonForm;

/// An amount in thousandths.
pub(crate) fn amount(millis: i64, symbol: Symbol, profile: &Profile, form: JsonForm) -> Value {
    match form {
        JsonForm::Legacy => json!(Asset { millis, symbol }.display(profile).to_string()),
        JsonForm::Nai => json!({ "amount": millis.to_string(), "precision": 3, "nai": nai(symbol) }),
    }
}

/// An amount in whole vesting shares.
pub(crate) fn vests(whole: i64, form: JsonForm) -> Value {
    match form {
        JsonForm::Legacy => json!(format!("{whole}.000000 VESTS")),
        JsonForm::Nai => {
            let amount = if whole == 0 { "0".to_owned() } else { format!("{whole}000000") };
            json!({ "amount": amount, "precision": 6, "nai": "@@000000037" })
        }
    }
}

/// A token's number in the newer APIs.
pub(crate) fn nai(symbol: Symbol) -> &'static str {
    match symbol {
        Symbol::Liquid => "@@000000021",
        Symbol::Debt => "@@000000013",
    }
}

/// The chain parameters that a witness votes for, or their median.
pub(crate) fn props(props: &WitnessProps, profile: &Profile, form: JsonForm) -> Value {
    let fee = props.account_creation_fee;
    json!({
        "account_creation_fee": amount(fee.millis, fee.symbol, profile, form),
        "maximum_block_size": props.maximum_block_size,
        "hbd_interest_rate": props.interest_rate,
        "account_subsidy_budget": 797,
        "account_subsidy_decay": 347_321,
    })
}

/// A signed transaction.
pub(crate) fn transaction(signed: &SignedTransaction, profile: &Profile, form: JsonForm) -> Value {
    let mut json = transaction_to_json(signed, profile);
    if form == JsonForm::Nai
        && let Some(operations) = json.get_mut("operations").and_then(Value::as_array_mut)
    {
        for (value, operation) in operations.iter_mut().zip(&signed.transaction.operations) {
            *value = typed(value, operation, profile);
        }
    }
    json
}

fn typed(legacy: &Value, operation: &Operation, profile: &Profile) -> Value {
    let mut value = legacy.get(1).cloned().unwrap_or_default();
    if let Operation::WitnessUpdate(op) = operation {
        let asset = |asset: Asset| amount(asset.millis, asset.symbol, profile, JsonForm::Nai);
        if let Some(members) = value.as_object_mut() {
            members.insert("fee".into(), asset(op.fee));
            let props = json!({
                "account_creation_fee": asset(op.props.account_creation_fee),
                "maximum_block_size": op.props.maximum_block_size,
                profile.interest_field.as_str(): op.props.interest_rate,
            });
            members.insert("props".into(), props);
        }
    }
    json!({ "type": format!("{}_operation", operation.name()), "value": value })
}
