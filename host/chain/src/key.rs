//! Keys and signatures on secp256k1.

use std::fmt;

use ripemd::Ripemd160;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// What a public key's text starts with: `STM`, or `TST` on older test networks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// The prefix of all main networks.
    pub fn stm() -> Self {
        Self("STM".into())
    }

    /// A prefix of one to eight capital letters.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Prefix { expected: "1 to 8 capital letters".into(), found: text.chars().take(8).collect() })
        }
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyPrefix {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::new(&text)
    }
}

impl From<KeyPrefix> for String {
    fn from(prefix: KeyPrefix) -> Self {
        prefix.0
    }
}

/// A text or number that is not a key. Never quotes the text: it may be a secret with one letter wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text does not start as keys do on this chain.
    #[error("a public key on this chain starts with {expected}, this one with {found:?}")]
    Prefix {
        /// The chain's prefix.
        expected: String,
        /// The first letters found.
        found: String,
    },
    /// A letter that base58 does not have, such as 0, O, I or l.
    #[error("not base58: a letter is mistyped (0, O, I and l never occur)")]
    Base58,
    /// Too long or too short.
    #[error("{length} bytes where {expected} belong: a letter is missing or extra")]
    Length {
        /// Bytes that belong there.
        expected: usize,
        /// Bytes found.
        length: usize,
    },
    /// The checksum does not match.
    #[error("the checksum does not match: a letter is mistyped")]
    Checksum,
    /// A WIF that does not start with the byte 0x80.
    #[error("not a private key in WIF: the version byte is {0:#04x}, expected 0x80")]
    Version(u8),
    /// The number is zero or not below the curve's order.
    #[error("not a private key: the number is out of the curve's range")]
    Range,
    /// The bytes are no point on the curve.
    #[error("not a point on secp256k1: nobody can have the private key of this public key")]
    NotOnCurve,
}

/// A compressed public key, or the null key that disables a witness.
///
/// Only its shape is checked: a chain may hold bytes that are no point, see [`PublicKey::check_on_curve`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 33]);

impl PublicKey {
    /// 33 zero bytes: a witness with this signing key is disabled.
    pub const NULL: Self = Self([0; 33]);

    /// The key made of these bytes.
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

    /// The text form with that prefix.
    pub fn display<'a>(&self, prefix: &'a KeyPrefix) -> impl fmt::Display + use<'a> {
        struct Shown<'a>(PublicKey, &'a KeyPrefix);
        impl fmt::Display for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut bytes = self.0.0.to_vec();
                bytes.extend_from_slice(&self.0.checksum());
                write!(f, "{}{}", self.1.as_str(), bs58::encode(bytes).into_string())
            }
        }
        Shown(*self, prefix)
    }

    /// Whether some private key can belong to this key.
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

/// A private key. Wiped when dropped; says nothing of itself in `Debug`.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// Reads wallet import format: base58check of 0x80 and the 32 bytes.
    pub fn from_wif(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bs58::decode(text).into_vec().map_err(|_| KeyError::Base58)?);
        let Some((body, checksum)) = bytes.split_last_chunk::<4>().filter(|(body, _)| body.len() == 33) else {
            return Err(KeyError::Length { expected: 37, length: bytes.len() });
        };
        if double_sha256(body) != *checksum {
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

    /// The key that is this number, big-endian.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        key.secp().map(|mut secret| secret.non_secure_erase())?;
        Ok(key)
    }

    /// The wallet import format. A secret: for writing key files only.
    pub fn to_wif(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![0x80]);
        bytes.extend_from_slice(&*self.0);
        let checksum = double_sha256(&bytes);
        bytes.extend_from_slice(&checksum);
        Zeroizing::new(bs58::encode(&*bytes).into_string())
    }

    /// The public key of this private key.
    pub fn public_key(&self) -> PublicKey {
        // `from_bytes` has proven the range, so the null key never comes out of this.
        self.secp().map_or(PublicKey::NULL, |mut secret| {
            let public = PublicKey(secret.public_key().serialize());
            secret.non_secure_erase();
            public
        })
    }

    /// Signs a digest so that every version of the nodes takes it: low S, and 'fc-canonical', which old ones
    /// insist on. The nonce is RFC 6979 with a counter as extra data: the same digest gives the same signature.
    pub fn sign(&self, digest: [u8; 32]) -> Result<Signature, KeyError> {
        let mut secret = self.secp()?;
        let message = secp256k1::Message::from_digest(digest);
        // Each try is canonical with a chance of about 1 in 2 (r below 2^255): 2^-256 that none of 256 is.
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

fn double_sha256(bytes: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(Sha256::digest(bytes)));
    [a, b, c, d]
}

/// A compact recoverable signature: `31 + recovery id | r | s`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 65]);

/// Bytes that are no signature, or that no key can have made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not 130 hexadecimal digits.
    #[error("a signature is 130 hexadecimal digits, found {length} characters")]
    Form {
        /// Characters found.
        length: usize,
    },
    /// The first byte is not 31 to 34.
    #[error("first byte {0} is not that of a compressed recoverable signature (31 to 34)")]
    Header(u8),
    /// No public key comes out of it.
    #[error("no public key can be recovered from the signature")]
    Unrecoverable,
}

impl Signature {
    fn from_parts(recovery_id: u8, compact: [u8; 64]) -> Self {
        let mut bytes = [0; 65];
        let (header, body) = bytes.split_at_mut(1);
        header.copy_from_slice(&[recovery_id.saturating_add(31)]);
        body.copy_from_slice(&compact);
        Self(bytes)
    }

    /// Reads the hexadecimal form.
    pub fn from_hex(text: &str) -> Result<Self, SignatureError> {
        let mut bytes = [0; 65];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SignatureError::Form { length: text.chars().count() })?;
        Ok(Self(bytes))
    }

    /// The hexadecimal form.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Whether `fc::ecc` of old nodes takes it: neither r nor s with its top bit set or padded with a zero byte.
    pub fn is_canonical(&self) -> bool {
        let [_, r0, r1, ..] = self.0;
        let (s0, s1) = (self.0[33], self.0[34]);
        let short = |first: u8, second: u8| first & 0x80 == 0 && !(first == 0 && second & 0x80 == 0);
        short(r0, r1) && short(s0, s1)
    }

    /// The key that made this signature over `digest`.
    pub fn recover(&self, digest: [u8; 32]) -> Result<PublicKey, SignatureError> {
        let [header, compact @ ..] = self.0;
        let recovery = header.checked_sub(31).filter(|id| *id < 4).ok_or(SignatureError::Header(header))?;
        let recovery = RecoveryId::try_from(i32::from(recovery)).map_err(|_| SignatureError::Header(header))?;
        RecoverableSignature::from_compact(&compact, recovery)
            .and_then(|signature| signature.recover(secp256k1::Message::from_digest(digest)))
            .map(|key| PublicKey(key.serialize()))
            .map_err(|_| SignatureError::Unrecoverable)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIF: &str = "5JDSFzY7Kxa7XGZ5udchL2W1jVcDx9gmXe1rfW1Qs7Cfgde94gp";

    #[test]
    fn wif_and_public_key_round_trip() {
        let secret = SecretKey::from_wif(WIF).unwrap();
        assert_eq!(*secret.to_wif(), WIF);
        let text = secret.public_key().display(&KeyPrefix::stm()).to_string();
        assert_eq!(text, "STM6v97htZoYkmzU6dvy5xx5daoVdP6FT5AFomJZF2s7MmD7ExC1d");
        assert_eq!(PublicKey::parse(&text, &KeyPrefix::stm()), Ok(secret.public_key()));
        assert_eq!(format!("{secret:?}"), "SecretKey(…)");
    }

    #[test]
    fn the_null_key_has_the_well_known_text() {
        let text = "STM1111111111111111111111111111111114T1Anm";
        assert_eq!(PublicKey::parse(text, &KeyPrefix::stm()), Ok(PublicKey::NULL));
        assert_eq!(PublicKey::NULL.display(&KeyPrefix::stm()).to_string(), text);
        assert!(PublicKey::NULL.is_null());
        assert_eq!(PublicKey::NULL.check_on_curve(), Err(KeyError::NotOnCurve));
    }

    #[test]
    fn each_way_to_mistype_a_key_has_its_own_error() {
        let stm = KeyPrefix::stm();
        let good = "STM6v97htZoYkmzU6dvy5xx5daoVdP6FT5AFomJZF2s7MmD7ExC1d";
        assert!(matches!(PublicKey::parse(&good.replace("STM", "TST"), &stm), Err(KeyError::Prefix { .. })));
        assert_eq!(PublicKey::parse(&good.replace("6v97", "0v97"), &stm), Err(KeyError::Base58));
        assert_eq!(PublicKey::parse(&good.replace("6v97", "6w97"), &stm), Err(KeyError::Checksum));
        assert!(matches!(PublicKey::parse(&good[..40], &stm), Err(KeyError::Length { .. })));
        assert!(matches!(PublicKey::parse("", &stm), Err(KeyError::Prefix { .. })));
        assert_eq!(SecretKey::from_wif(&WIF.replace("JDSF", "JDSG")).unwrap_err(), KeyError::Checksum);
        assert_eq!(SecretKey::from_wif(&WIF.replace("JDSF", "JOSF")).unwrap_err(), KeyError::Base58);
        assert!(matches!(SecretKey::from_wif(&WIF[..30]).unwrap_err(), KeyError::Length { .. }));
        assert_eq!(SecretKey::from_bytes([0; 32]).unwrap_err(), KeyError::Range);
        assert_eq!(SecretKey::from_bytes([0xff; 32]).unwrap_err(), KeyError::Range);
        let wrong_version = {
            let mut bytes = vec![0x81];
            bytes.extend_from_slice(&[7; 32]);
            let sum = double_sha256(&bytes);
            bytes.extend_from_slice(&sum);
            bs58::encode(bytes).into_string()
        };
        assert_eq!(SecretKey::from_wif(&wrong_version).unwrap_err(), KeyError::Version(0x81));
    }

    #[test]
    fn signatures_are_canonical_repeatable_and_recoverable() {
        let secret = SecretKey::from_wif(WIF).unwrap();
        for byte in 0..=255 {
            let digest: [u8; 32] = Sha256::digest([byte]).into();
            let signature = secret.sign(digest).unwrap();
            assert!(signature.is_canonical());
            assert_eq!(signature, secret.sign(digest).unwrap());
            assert_eq!(signature.recover(digest), Ok(secret.public_key()));
        }
    }

    #[test]
    fn canonical_is_what_old_nodes_take() {
        let with = |r0: u8, r1: u8, s0: u8, s1: u8| {
            let mut bytes = [1; 65];
            (bytes[1], bytes[2], bytes[33], bytes[34]) = (r0, r1, s0, s1);
            Signature(bytes).is_canonical()
        };
        assert!(with(0x7f, 0, 0x7f, 0));
        assert!(with(0, 0x80, 0, 0x80));
        assert!(!with(0x80, 0, 1, 0));
        assert!(!with(1, 0, 0x80, 0));
        assert!(!with(0, 0x7f, 1, 0));
        assert!(!with(1, 0, 0, 0x7f));
    }

    #[test]
    fn malformed_signatures_are_refused() {
        assert!(matches!(Signature::from_hex("1f"), Err(SignatureError::Form { .. })));
        assert_eq!(Signature([0; 65]).recover([1; 32]), Err(SignatureError::Header(0)));
        let mut zero = [0; 65];
        zero[0] = 31;
        assert_eq!(Signature(zero).recover([1; 32]), Err(SignatureError::Unrecoverable));
    }
}
