//! Reading a transaction from JSON: every member must be there and be known.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::TransactionJsonError;
use crate::asset::Asset;
use crate::key::{PublicKey, Signature};
use crate::name::AccountName;
use crate::operation::{Operation, WitnessProps, WitnessSetProperties, WitnessUpdate};
use crate::profile::{InterestField, Profile};
use crate::time::Time;
use crate::transaction::{SignedTransaction, Transaction};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTransaction {
    ref_block_num: u16,
    ref_block_prefix: u32,
    expiration: String,
    operations: Vec<RawOperation>,
    #[serde(default)]
    extensions: Vec<Value>,
    #[serde(default)]
    signatures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawOperation {
    Legacy(String, Value),
    Typed { r#type: String, value: Value },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSetProperties {
    owner: String,
    props: Vec<(String, String)>,
    #[serde(default)]
    extensions: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUpdate {
    owner: String,
    url: String,
    block_signing_key: String,
    props: RawProps,
    fee: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProps {
    account_creation_fee: String,
    maximum_block_size: u32,
    hbd_interest_rate: Option<u16>,
    sbd_interest_rate: Option<u16>,
}

/// Reads a transaction; `signatures` may be missing. Operations may be `["name", {…}]` or
/// `{"type": "name_operation", "value": {…}}`.
///
/// # Errors
///
/// The first member that is missing, unknown or invalid.
pub fn transaction_from_json(json: &Value, profile: &Profile) -> Result<SignedTransaction, TransactionJsonError> {
    let raw = RawTransaction::deserialize(json)?;
    if !raw.extensions.is_empty() {
        return Err(TransactionJsonError::Extensions("the transaction"));
    }
    let operations = raw.operations.into_iter().map(|op| operation(op, profile)).collect::<Result<_, _>>()?;
    let signatures = raw.signatures.iter().map(|hex| Signature::from_hex(hex)).collect::<Result<_, _>>()?;
    let transaction = Transaction {
        ref_block_num: raw.ref_block_num,
        ref_block_prefix: raw.ref_block_prefix,
        // The bytes have whole seconds.
        expiration: Time::from_secs(Time::parse(&raw.expiration)?.as_secs()),
        operations,
    };
    Ok(SignedTransaction { transaction, signatures })
}

fn operation(raw: RawOperation, profile: &Profile) -> Result<Operation, TransactionJsonError> {
    let (name, value) = match raw {
        RawOperation::Legacy(name, value) => (name, value),
        RawOperation::Typed { r#type, value } => {
            (r#type.strip_suffix("_operation").map_or(r#type.clone(), str::to_owned), value)
        }
    };
    match name.as_str() {
        "witness_set_properties" => set_properties(RawSetProperties::deserialize(value)?),
        "witness_update" => update(RawUpdate::deserialize(value)?, profile),
        _ => Err(TransactionJsonError::Operation(name)),
    }
}

fn set_properties(raw: RawSetProperties) -> Result<Operation, TransactionJsonError> {
    if !raw.extensions.is_empty() {
        return Err(TransactionJsonError::Extensions("witness_set_properties"));
    }
    let mut props = BTreeMap::new();
    for (name, value) in raw.props {
        let bytes = hex::decode(value).map_err(|source| TransactionJsonError::Hex { name: name.clone(), source })?;
        if props.insert(name.clone(), bytes).is_some() {
            return Err(TransactionJsonError::Duplicate(name));
        }
    }
    Ok(Operation::WitnessSetProperties(WitnessSetProperties { owner: AccountName::new(raw.owner)?, props }))
}

fn update(raw: RawUpdate, profile: &Profile) -> Result<Operation, TransactionJsonError> {
    let asset =
        |field, text: &str| Asset::parse(text, profile).map_err(|source| TransactionJsonError::Asset { field, source });
    let interest = match profile.interest_field {
        InterestField::Hbd => raw.props.hbd_interest_rate,
        InterestField::Sbd => raw.props.sbd_interest_rate,
    };
    let interest_rate = interest.ok_or(TransactionJsonError::Interest { expected: profile.interest_field.as_str() })?;
    Ok(Operation::WitnessUpdate(WitnessUpdate {
        owner: AccountName::new(raw.owner)?,
        url: raw.url,
        block_signing_key: PublicKey::parse(&raw.block_signing_key, &profile.prefix)
            .map_err(|source| TransactionJsonError::Key { field: "block_signing_key", source })?,
        props: WitnessProps {
            account_creation_fee: asset("account_creation_fee", &raw.props.account_creation_fee)?,
            maximum_block_size: raw.props.maximum_block_size,
            interest_rate,
        },
        fee: asset("fee", &raw.fee)?,
    }))
}
