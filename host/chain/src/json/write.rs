//! Writing a transaction as JSON.

use serde_json::{Value, json};

use crate::key::Signature;
use crate::operation::Operation;
use crate::profile::Profile;
use crate::transaction::SignedTransaction;

/// The form that `condenser_api.broadcast_transaction` expects.
pub fn transaction_to_json(signed: &SignedTransaction, profile: &Profile) -> Value {
    let transaction = &signed.transaction;
    let operations: Vec<Value> = transaction.operations.iter().map(|op| operation_to_json(op, profile)).collect();
    let signatures: Vec<String> = signed.signatures.iter().map(Signature::to_hex).collect();
    json!({
        "ref_block_num": transaction.ref_block_num,
        "ref_block_prefix": transaction.ref_block_prefix,
        "expiration": transaction.expiration.to_string(),
        "operations": operations,
        "extensions": [],
        "signatures": signatures,
    })
}

fn operation_to_json(operation: &Operation, profile: &Profile) -> Value {
    let value = match operation {
        Operation::WitnessSetProperties(op) => {
            let props: Vec<(&String, String)> =
                op.props.iter().map(|(name, value)| (name, hex::encode(value))).collect();
            json!({ "owner": op.owner, "props": props, "extensions": [] })
        }
        Operation::WitnessUpdate(op) => {
            let mut props = json!({
                "account_creation_fee": op.props.account_creation_fee.display(profile).to_string(),
                "maximum_block_size": op.props.maximum_block_size,
            });
            if let Some(members) = props.as_object_mut() {
                members.insert(profile.interest_field.as_str().into(), op.props.interest_rate.into());
            }
            json!({
                "owner": op.owner,
                "url": op.url,
                "block_signing_key": op.block_signing_key.display(&profile.prefix).to_string(),
                "props": props,
                "fee": op.fee.display(profile).to_string(),
            })
        }
    };
    json!([operation.name(), value])
}
