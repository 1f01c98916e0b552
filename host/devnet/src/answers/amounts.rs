//! Amounts and operations in the two forms.

use dogwatch_chain::{
    Asset, InterestField, Operation, Profile, SignedTransaction, Symbol, WitnessProps, transaction_to_json,
};
use serde_json::{Value, json};

use super::Form;

/// An amount of thousandths.
pub(crate) fn amount(millis: i64, symbol: Symbol, profile: &Profile, form: Form) -> Value {
    match form {
        Form::Legacy => json!(Asset { millis, symbol }.display(profile).to_string()),
        Form::Nai => json!({ "amount": millis.to_string(), "precision": 3, "nai": nai(symbol) }),
    }
}

/// An amount of vesting shares, in whole ones.
pub(crate) fn vests(whole: i64, form: Form) -> Value {
    match form {
        Form::Legacy => json!(format!("{whole}.000000 VESTS")),
        Form::Nai => {
            let amount = if whole == 0 { "0".to_owned() } else { format!("{whole}000000") };
            json!({ "amount": amount, "precision": 6, "nai": "@@000000037" })
        }
    }
}

/// The number by which the newer APIs name a token.
pub(crate) fn nai(symbol: Symbol) -> &'static str {
    match symbol {
        Symbol::Liquid => "@@000000021",
        Symbol::Debt => "@@000000013",
    }
}

/// Chain parameters of a witness, or the median of all.
pub(crate) fn props(props: &WitnessProps, profile: &Profile, form: Form) -> Value {
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
pub(crate) fn transaction(signed: &SignedTransaction, profile: &Profile, form: Form) -> Value {
    let mut json = transaction_to_json(signed, profile);
    if form == Form::Nai
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
        let asset = |asset: Asset| amount(asset.millis, asset.symbol, profile, Form::Nai);
        let interest: InterestField = profile.interest_field;
        if let Some(members) = value.as_object_mut() {
            members.insert("fee".into(), asset(op.fee));
            let props = json!({
                "account_creation_fee": asset(op.props.account_creation_fee),
                "maximum_block_size": op.props.maximum_block_size,
                interest.as_str(): op.props.interest_rate,
            });
            members.insert("props".into(), props);
        }
    }
    json!({ "type": format!("{}_operation", operation.name()), "value": value })
}
