//! Compact signatures, from which the public key can be recovered.

use std::fmt;

use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};

use super::public::PublicKey;

/// A compact recoverable signature: `31 + recovery id | r | s`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 65]);

/// Why bytes are not a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The text is not 130 hexadecimal digits.
    #[error("a signature is 130 hexadecimal digits, found {length} characters")]
    Form {
        /// The number of characters found.
        length: usize,
    },
    /// The first byte is not 31 to 34.
    #[error("the first byte of a compressed recoverable signature is 31 to 34, not {0}")]
    Header(u8),
    /// No key can have made it.
    #[error("no public key can be recovered from the signature")]
    Unrecoverable,
}

impl Signature {
    pub(super) fn from_parts(recovery_id: u8, compact: [u8; 64]) -> Self {
        let mut bytes = [0; 65];
        let (header, body) = bytes.split_at_mut(1);
        header.copy_from_slice(&[recovery_id.saturating_add(31)]);
        body.copy_from_slice(&compact);
        Self(bytes)
    }

    /// Reads the hexadecimal form.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Form`] for anything but 130 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, SignatureError> {
        let mut bytes = [0; 65];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SignatureError::Form { length: text.chars().count() })?;
        Ok(Self(bytes))
    }

    /// The hexadecimal form.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Whether `fc::ecc` of old nodes accepts it: r and s have no top bit set and no zero byte of padding.
    pub fn is_canonical(&self) -> bool {
        let [_, r0, r1, ..] = self.0;
        let (s0, s1) = (self.0[33], self.0[34]);
        let short = |first: u8, second: u8| first & 0x80 == 0 && !(first == 0 && second & 0x80 == 0);
        short(r0, r1) && short(s0, s1)
    }

    /// The key that made this signature over `digest`.
    ///
    /// # Errors
    ///
    /// The signature is malformed, or no key can have made it.
    pub fn recover(&self, digest: [u8; 32]) -> Result<PublicKey, SignatureError> {
        let [header, compact @ ..] = self.0;
        let recovery = header.checked_sub(31).filter(|id| *id < 4).ok_or(SignatureError::Header(header))?;
        let recovery = RecoveryId::try_from(i32::from(recovery)).map_err(|_| SignatureError::Header(header))?;
        RecoverableSignature::from_compact(&compact, recovery)
            .and_then(|signature| signature.recover(secp256k1::Message::from_digest(digest)))
            .map(|key| PublicKey::from_bytes(key.serialize()))
            .map_err(|_| SignatureError::Unrecoverable)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}
