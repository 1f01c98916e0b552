//! Private keys: the wallet import format, and signing.

use std::fmt;

use secp256k1::ecdsa::RecoverableSignature;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::error::KeyError;
use super::public::PublicKey;
use super::signature::Signature;

/// A private key. It is wiped from memory when dropped, and `Debug` does not show it.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// Reads wallet import format: base58check of 0x80 and the 32 bytes.
    ///
    /// # Errors
    ///
    /// Which part does not fit: the letters, the length, the checksum, the version byte or the number.
    pub fn from_wif(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bs58::decode(text).into_vec().map_err(|_| KeyError::Base58)?);
        let Some((body, checksum)) = bytes.split_last_chunk::<4>().filter(|(body, _)| body.len() == 33) else {
            return Err(KeyError::Length { expected: 37, length: bytes.len() });
        };
        if base58_checksum(body) != *checksum {
            return Err(KeyError::Checksum);
        }
        let Some((version, secret)) = body.split_first_chunk::<1>() else {
            return Err(KeyError::Length { expected: 37, length: bytes.len() });
        };
        if *version != [0x80] {
            return Err(KeyError::Version(version[0]));
        }
        let mut raw = Zeroizing::new([0; 32]);
        raw.copy_from_slice(secret);
        Self::from_bytes(*raw)
    }

    /// The key that is this big-endian number.
    ///
    /// # Errors
    ///
    /// [`KeyError::Range`] if the number is zero or not below the curve's order.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        key.secp().map(|mut secret| secret.non_secure_erase())?;
        Ok(key)
    }

    /// The wallet import format. This is the secret itself: for writing key files only.
    pub fn to_wif(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![0x80]);
        bytes.extend_from_slice(&*self.0);
        let checksum = base58_checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        Zeroizing::new(bs58::encode(&*bytes).into_string())
    }

    /// The public key of this private key.
    pub fn public_key(&self) -> PublicKey {
        // `from_bytes` has checked the range, so this never gives the null key.
        self.secp().map_or(PublicKey::NULL, |mut secret| {
            let public = PublicKey::from_bytes(secret.public_key().serialize());
            secret.non_secure_erase();
            public
        })
    }

    /// Signs a digest so that every version of the nodes accepts it: low S, and canonical as `fc` defines it, which old
    /// nodes require. The nonce is RFC 6979 with a counter as extra data: the same digest gives the same signature.
    ///
    /// # Errors
    ///
    /// [`KeyError::Range`], if none of 256 nonces gives a canonical signature: one chance in 2^256.
    pub fn sign(&self, digest: [u8; 32]) -> Result<Signature, KeyError> {
        let mut secret = self.secp()?;
        let message = secp256k1::Message::from_digest(digest);
        // About half of all signatures are canonical (r below 2^255), so that 256 in a row are not has odds of 2^-256.
        let signature = (0u8..=255).find_map(|counter| {
            let mut nonce_data = [0; 32];
            nonce_data[0] = counter;
            let signed = RecoverableSignature::sign_ecdsa_recoverable_with_noncedata(message, &secret, &nonce_data);
            let (recovery, compact) = signed.serialize_compact();
            let signature = Signature::from_parts(recovery.to_u8(), compact);
            signature.is_canonical().then_some(signature)
        });
        secret.non_secure_erase();
        signature.ok_or(KeyError::Range)
    }

    fn secp(&self) -> Result<secp256k1::SecretKey, KeyError> {
        secp256k1::SecretKey::from_secret_bytes(*self.0).map_err(|_| KeyError::Range)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// The checksum of base58check: the first four bytes of a double sha256.
pub(super) fn base58_checksum(bytes: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(Sha256::digest(bytes)));
    [a, b, c, d]
}
