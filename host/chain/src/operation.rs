//! The two operations that change a witness's signing key.

use std::collections::BTreeMap;

use crate::asset::Asset;
use crate::codec::{DecodeError, Reader, Writer};
use crate::key::PublicKey;
use crate::name::AccountName;
use crate::profile::Profile;

/// An operation that Dogwatch can build, read and sign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Operation 42, signed with the signing key.
    WitnessSetProperties(WitnessSetProperties),
    /// Operation 11, signed with the active key.
    WitnessUpdate(WitnessUpdate),
}

/// `witness_set_properties`: changes the properties it names and no others. It is signed with the current signing key,
/// and consensus refuses it unless `props["key"]` is that key: a compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessSetProperties {
    /// The witness.
    pub owner: AccountName,
    /// Packed values by name, in the order of their names like the chain's `flat_map`.
    pub props: BTreeMap<String, Vec<u8>>,
}

/// `witness_update`: signed with the account's active key; overwrites everything it contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessUpdate {
    /// The witness.
    pub owner: AccountName,
    /// The URL of the witness's page. Not empty.
    pub url: String,
    /// The new signing key; the null key disables the witness.
    pub block_signing_key: PublicKey,
    /// The chain parameters this witness votes for.
    pub props: WitnessProps,
    /// No longer charged, but part of the bytes.
    pub fee: Asset,
}

/// The chain parameters a witness votes for in `witness_update`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessProps {
    /// The price of a new account.
    pub account_creation_fee: Asset,
    /// The maximum size of a block, in bytes.
    pub maximum_block_size: u32,
    /// The interest rate in hundredths of a percent: `hbd_interest_rate` or `sbd_interest_rate` in JSON.
    pub interest_rate: u16,
}

/// Operation ids, from `hive/protocol/operations.hpp`.
const WITNESS_UPDATE: u32 = 11;
const WITNESS_SET_PROPERTIES: u32 = 42;

impl WitnessSetProperties {
    /// A switch from one signing key to another, and nothing else.
    pub fn switch_signing_key(owner: AccountName, current: PublicKey, new: PublicKey) -> Self {
        let packed = |key: PublicKey| key.as_bytes().to_vec();
        let props = [("key", packed(current)), ("new_signing_key", packed(new))];
        Self { owner, props: props.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
    }

    /// The property `name` as a key, if it is there and 33 bytes long.
    pub fn key(&self, name: &str) -> Option<PublicKey> {
        let bytes: [u8; 33] = self.props.get(name)?.as_slice().try_into().ok()?;
        Some(PublicKey::from_bytes(bytes))
    }

    /// The signing key that must be the current one for this operation to take effect.
    pub fn current_key(&self) -> Option<PublicKey> {
        self.key("key")
    }

    /// The signing key that this operation sets.
    pub fn new_signing_key(&self) -> Option<PublicKey> {
        self.key("new_signing_key")
    }
}

impl Operation {
    /// The operation's name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WitnessSetProperties(_) => "witness_set_properties",
            Self::WitnessUpdate(_) => "witness_update",
        }
    }

    /// The witness it changes.
    pub const fn owner(&self) -> &AccountName {
        match self {
            Self::WitnessSetProperties(op) => &op.owner,
            Self::WitnessUpdate(op) => &op.owner,
        }
    }

    pub(crate) fn write(&self, out: &mut Writer, profile: &Profile) {
        match self {
            Self::WitnessSetProperties(op) => {
                out.varint(WITNESS_SET_PROPERTIES);
                out.bytes(op.owner.as_str().as_bytes());
                out.len(op.props.len());
                for (name, value) in &op.props {
                    out.bytes(name.as_bytes());
                    out.bytes(value);
                }
                out.varint(0);
            }
            Self::WitnessUpdate(op) => {
                out.varint(WITNESS_UPDATE);
                out.bytes(op.owner.as_str().as_bytes());
                out.bytes(op.url.as_bytes());
                out.key(&op.block_signing_key);
                op.props.account_creation_fee.write(out, profile);
                out.u32(op.props.maximum_block_size);
                out.u16(op.props.interest_rate);
                op.fee.write(out, profile);
            }
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>, profile: &Profile) -> Result<Self, DecodeError> {
        let at = from.at();
        match from.varint("operation id")? {
            WITNESS_SET_PROPERTIES => {
                let owner = read_name(from, "owner")?;
                let count = from.varint("number of props")?;
                let mut props: BTreeMap<String, Vec<u8>> = BTreeMap::new();
                for _ in 0..count {
                    let at = from.at();
                    let name = from.string("name of a prop")?;
                    let value = from.bytes("value of a prop")?.to_vec();
                    // Props out of order or twice could not be written back as they came.
                    if props.last_key_value().is_some_and(|(last, _)| *last >= name) {
                        return Err(from.invalid(at, "name of a prop", "props are not in ascending order"));
                    }
                    props.insert(name, value);
                }
                no_extensions(from)?;
                Ok(Self::WitnessSetProperties(WitnessSetProperties { owner, props }))
            }
            WITNESS_UPDATE => Ok(Self::WitnessUpdate(WitnessUpdate {
                owner: read_name(from, "owner")?,
                url: from.string("url")?,
                block_signing_key: from.key("block_signing_key")?,
                props: WitnessProps {
                    account_creation_fee: Asset::read(from, "account_creation_fee", profile)?,
                    maximum_block_size: from.u32("maximum_block_size")?,
                    interest_rate: from.u16("interest rate")?,
                },
                fee: Asset::read(from, "fee", profile)?,
            })),
            other => Err(from.invalid(
                at,
                "operation id",
                format!("{other} is neither witness_update (11) nor witness_set_properties (42)"),
            )),
        }
    }
}

fn read_name(from: &mut Reader<'_>, field: &'static str) -> Result<AccountName, DecodeError> {
    let at = from.at();
    let text = from.string(field)?;
    AccountName::new(text).map_err(|error| from.invalid(at, field, error.to_string()))
}

pub(crate) fn no_extensions(from: &mut Reader<'_>) -> Result<(), DecodeError> {
    let at = from.at();
    match from.varint("extensions")? {
        0 => Ok(()),
        n => Err(from.invalid(at, "extensions", format!("{n} of them, but Dogwatch knows none"))),
    }
}
