//! The JSON form of transactions, as `condenser_api` has it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::asset::{Asset, AssetError};
use crate::key::{KeyError, PublicKey, Signature, SignatureError};
use crate::name::{AccountName, NameError};
use crate::operation::{InterestField, Operation, WitnessProps, WitnessSetProperties, WitnessUpdate};
use crate::profile::Profile;
use crate::time::{Time, TimeError};
use crate::transaction::{SignedTransaction, Transaction};

/// JSON that is not a transaction Dogwatch can read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionJsonError {
    /// A member is missing, unknown or of the wrong type. Nodes fill in defaults silently, and then the signature
    /// does not fit: so here every member must be there.
    #[error("not a transaction: {0}")]
    Shape(#[from] serde_json::Error),
    /// An operation other than the two known ones.
    #[error("operation {0:?} is not one Dogwatch signs: witness_set_properties or witness_update")]
    Operation(String),
    /// Extensions, of which none is known.
    #[error("{0} has extensions, and none is known")]
    Extensions(&'static str),
    /// A bad account name.
    #[error("owner: {0}")]
    Name(#[from] NameError),
    /// A bad key.
    #[error("{field}: {source}")]
    Key {
        /// Where.
        field: &'static str,
        /// What.
        source: KeyError,
    },
    /// A bad amount.
    #[error("{field}: {source}")]
    Asset {
        /// Where.
        field: &'static str,
        /// What.
        source: AssetError,
    },
    /// A bad time.
    #[error("expiration: {0}")]
    Time(#[from] TimeError),
    /// A property's value is not hexadecimal.
    #[error("props[{name:?}] is not hexadecimal: {source}")]
    Hex {
        /// The property.
        name: String,
        /// What.
        source: hex::FromHexError,
    },
    /// A property occurs twice.
    #[error("props[{0:?}] is there twice")]
    Duplicate(String),
    /// The interest rate is missing or named for another chain.
    #[error("props lacks {expected}, as the interest rate is called on this chain")]
    Interest {
        /// The name on this chain.
        expected: &'static str,
    },
    /// A bad signature.
    #[error("signatures: {0}")]
    Signature(#[from] SignatureError),
}

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
        // The bytes hold whole seconds.
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

/// The form that `condenser_api.broadcast_transaction` takes.
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
