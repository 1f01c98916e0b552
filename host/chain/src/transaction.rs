//! Transactions: their bytes, digest, id and signatures.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::block::BlockId;
use crate::codec::{DecodeError, Reader, Writer};
use crate::key::{KeyError, PublicKey, SecretKey, Signature, SignatureError};
use crate::name::AccountName;
use crate::operation::{Operation, WitnessSetProperties, no_extensions};
use crate::profile::Profile;
use crate::time::Time;

/// An unsigned transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The low 16 bits of the reference block's number.
    pub ref_block_num: u16,
    /// Bytes 4 to 7 of the reference block's id, little-endian.
    pub ref_block_prefix: u32,
    /// No block after this head block time may include it. In whole seconds.
    pub expiration: Time,
    /// What it changes.
    pub operations: Vec<Operation>,
}

/// A transaction's id: the first 20 bytes of sha256 over its bytes, without the signatures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TransactionId([u8; 20]);

/// A transaction and the signatures over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// The transaction that is signed.
    pub transaction: Transaction,
    /// Signatures over its digest on one chain.
    pub signatures: Vec<Signature>,
}

/// Why a transaction could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transaction could not be signed: {0}")]
pub struct SignError(#[from] KeyError);

impl Transaction {
    /// A switch of a witness's signing key with `witness_set_properties`, to be signed with `current`.
    pub fn switch_signing_key(
        owner: AccountName,
        current: PublicKey,
        new: PublicKey,
        reference: BlockId,
        expiration: Time,
    ) -> Self {
        let switch = WitnessSetProperties::switch_signing_key(owner, current, new);
        Self {
            ref_block_num: reference.ref_block_num(),
            ref_block_prefix: reference.ref_block_prefix(),
            expiration: Time::from_secs(expiration.as_secs()),
            operations: vec![Operation::WitnessSetProperties(switch)],
        }
    }

    /// The bytes that are hashed and signed.
    pub fn to_bytes(&self, profile: &Profile) -> Vec<u8> {
        let mut out = Writer::default();
        out.u16(self.ref_block_num);
        out.u32(self.ref_block_prefix);
        out.time(self.expiration);
        out.len(self.operations.len());
        for operation in &self.operations {
            operation.write(&mut out, profile);
        }
        out.varint(0);
        out.finish()
    }

    /// Reads the bytes back.
    ///
    /// # Errors
    ///
    /// Where the bytes are not those of a transaction, or what follows their end.
    pub fn from_bytes(bytes: &[u8], profile: &Profile) -> Result<Self, DecodeError> {
        let mut from = Reader::new(bytes);
        let transaction = Self {
            ref_block_num: from.u16("ref_block_num")?,
            ref_block_prefix: from.u32("ref_block_prefix")?,
            expiration: from.time("expiration")?,
            operations: {
                let count = from.varint("number of operations")?;
                (0..count).map(|_| Operation::read(&mut from, profile)).collect::<Result<_, _>>()?
            },
        };
        no_extensions(&mut from)?;
        from.end()?;
        Ok(transaction)
    }

    /// The digest that is signed: `sha256(chain id | bytes)`.
    pub fn digest(&self, profile: &Profile) -> [u8; 32] {
        Sha256::new().chain_update(profile.chain_id.as_bytes()).chain_update(self.to_bytes(profile)).finalize().into()
    }

    /// The id. It is the same wherever and however often the transaction is built and signed.
    pub fn id(&self, profile: &Profile) -> TransactionId {
        let digest: [u8; 32] = Sha256::digest(self.to_bytes(profile)).into();
        let mut id = [0; 20];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        TransactionId(id)
    }

    /// Signs it for one chain.
    ///
    /// # Errors
    ///
    /// The key cannot sign the digest: see [`SecretKey::sign`].
    pub fn sign(self, profile: &Profile, key: &SecretKey) -> Result<SignedTransaction, SignError> {
        let signature = key.sign(self.digest(profile))?;
        Ok(SignedTransaction { transaction: self, signatures: vec![signature] })
    }
}

impl SignedTransaction {
    /// The keys that signed it, if it was signed for that chain.
    ///
    /// # Errors
    ///
    /// The first signature that is malformed.
    pub fn signers(&self, profile: &Profile) -> Result<Vec<PublicKey>, SignatureError> {
        let digest = self.transaction.digest(profile);
        self.signatures.iter().map(|signature| signature.recover(digest)).collect()
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for TransactionId {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for TransactionId {
    type Error = hex::FromHexError;
    fn try_from(text: String) -> Result<Self, hex::FromHexError> {
        text.parse()
    }
}

impl From<TransactionId> for String {
    fn from(id: TransactionId) -> Self {
        id.to_string()
    }
}
