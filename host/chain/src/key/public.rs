//! Public keys, and their text.

use std::fmt;

use ripemd::Ripemd160;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::error::KeyError;
use super::prefix::KeyPrefix;

/// A compressed public key, or the null key that disables a witness.
///
/// Only the length is checked, since a chain may hold bytes that are no point on the curve: see
/// [`PublicKey::check_on_curve`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 33]);

impl PublicKey {
    /// 33 zero bytes: a witness with this signing key is disabled.
    pub const NULL: Self = Self([0; 33]);

    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 33]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// Whether this is the null key.
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }

    /// Reads the text form: prefix, then base58 of the 33 bytes and four bytes of their ripemd160.
    ///
    /// # Errors
    ///
    /// Which part does not fit: the prefix, the letters, the length or the checksum.
    pub fn parse(text: &str, prefix: &KeyPrefix) -> Result<Self, KeyError> {
        let Some(body) = text.strip_prefix(prefix.as_str()) else {
            return Err(KeyError::Prefix {
                expected: prefix.as_str().to_owned(),
                found: text.chars().take(prefix.as_str().len().min(3)).collect(),
            });
        };
        let bytes = bs58::decode(body).into_vec().map_err(|_| KeyError::Base58)?;
        let Some((key, checksum)) = bytes.split_last_chunk::<4>().filter(|(key, _)| key.len() == 33) else {
            return Err(KeyError::Length { expected: 37, length: bytes.len() });
        };
        let mut raw = [0; 33];
        raw.copy_from_slice(key);
        if Self(raw).checksum() == *checksum { Ok(Self(raw)) } else { Err(KeyError::Checksum) }
    }

    /// The key as text, with that prefix.
    pub fn display<'a>(&self, prefix: &'a KeyPrefix) -> impl fmt::Display + use<'a> {
        struct KeyText<'a>(PublicKey, &'a KeyPrefix);
        impl fmt::Display for KeyText<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut bytes = self.0.0.to_vec();
                bytes.extend_from_slice(&self.0.checksum());
                write!(f, "{}{}", self.1.as_str(), bs58::encode(bytes).into_string())
            }
        }
        KeyText(*self, prefix)
    }

    /// Checks that some private key can belong to this key.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotOnCurve`] if none can, as for the null key.
    pub fn check_on_curve(&self) -> Result<(), KeyError> {
        secp256k1::PublicKey::from_byte_array_compressed(self.0).map(drop).map_err(|_| KeyError::NotOnCurve)
    }

    fn checksum(&self) -> [u8; 4] {
        let digest = Ripemd160::digest(self.0);
        let [a, b, c, d, ..] = <[u8; 20]>::from(digest);
        [a, b, c, d]
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.display(&KeyPrefix::stm()))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;
    /// Reads the chain-neutral hexadecimal form that serde writes.
    fn try_from(text: String) -> Result<Self, KeyError> {
        let mut bytes = [0; 33];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| KeyError::Length { expected: 33, length: text.len() / 2 })?;
        Ok(Self(bytes))
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        hex::encode(key.0)
    }
}
