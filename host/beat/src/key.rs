//! The keys that beats are signed with: Ed25519, and of no use on any chain.

use std::fmt;
use std::str::FromStr;

use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

pub(crate) const KEY_LEN: usize = 32;
pub(crate) const SIGNATURE_LEN: usize = 64;

/// The public half: it names the machine that a beat comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeatKey([u8; KEY_LEN]);

/// The private half. Its file holds 64 hexadecimal digits.
pub struct BeatSigner {
    pair: Ed25519KeyPair,
}

/// Why a key cannot be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeatKeyError {
    /// It is not written as a key.
    #[error("it is not 64 hexadecimal digits")]
    NotHex,
    /// Ed25519 does not take it.
    #[error("it is not an Ed25519 key")]
    NotAKey,
    /// The operating system gives no random numbers.
    #[error("this machine gives no random numbers")]
    NoRandomness,
}

impl BeatKey {
    pub(crate) fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl FromStr for BeatKey {
    type Err = BeatKeyError;

    fn from_str(text: &str) -> Result<Self, BeatKeyError> {
        Ok(Self(*bytes(text)?))
    }
}

impl fmt::Display for BeatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BeatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BeatKey({self})")
    }
}

impl BeatSigner {
    /// A new key, and the text for its file.
    ///
    /// # Errors
    ///
    /// [`BeatKeyError::NoRandomness`] if the operating system gives none.
    pub fn generate() -> Result<(Self, Zeroizing<String>), BeatKeyError> {
        let mut seed = Zeroizing::new([0; KEY_LEN]);
        SystemRandom::new().fill(seed.as_mut()).map_err(|_| BeatKeyError::NoRandomness)?;
        let text = Zeroizing::new(hex::encode(seed.as_ref()));
        Ok((Self::from_text(&text)?, text))
    }

    /// Reads the text of a key's file.
    ///
    /// # Errors
    ///
    /// [`BeatKeyError::NotHex`] or [`BeatKeyError::NotAKey`].
    pub fn from_text(text: &str) -> Result<Self, BeatKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(bytes(text.trim())?.as_ref());
        Ok(Self { pair: pair.map_err(|_| BeatKeyError::NotAKey)? })
    }

    /// The public half.
    pub fn key(&self) -> BeatKey {
        let mut bytes = [0; KEY_LEN];
        bytes.iter_mut().zip(self.pair.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        BeatKey(bytes)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> impl AsRef<[u8]> + use<> {
        self.pair.sign(message)
    }
}

impl fmt::Debug for BeatSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BeatSigner({})", self.key())
    }
}

fn bytes(text: &str) -> Result<Zeroizing<[u8; KEY_LEN]>, BeatKeyError> {
    let mut bytes = Zeroizing::new([0; KEY_LEN]);
    hex::decode_to_slice(text, bytes.as_mut()).map_err(|_| BeatKeyError::NotHex)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn a_key_of_the_standard() {
        let signer =
            BeatSigner::from_text("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb\n").unwrap();
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        assert_eq!(signer.key().to_string(), public);
        assert_eq!(public.parse(), Ok(signer.key()));
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex::encode(signer.sign(&[0x72])), signature);
        assert!(signer.key().verifies(&[0x72], &hex::decode(signature).unwrap()));
        assert!(!signer.key().verifies(&[0x73], &hex::decode(signature).unwrap()));
    }

    #[test]
    fn a_new_key_is_another_each_time_and_can_be_read_back() {
        let (one, text) = BeatSigner::generate().unwrap();
        let (two, _) = BeatSigner::generate().unwrap();
        assert_ne!(one.key(), two.key());
        assert_eq!(BeatSigner::from_text(&text).unwrap().key(), one.key());
        assert!(!format!("{one:?}").contains(text.as_str()), "the private half is not shown");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "12", "zz", &"g".repeat(64), &"1".repeat(63), &"1".repeat(66)] {
            assert_eq!(BeatSigner::from_text(text).unwrap_err(), BeatKeyError::NotHex, "{text:?}");
            assert_eq!(text.parse::<BeatKey>().unwrap_err(), BeatKeyError::NotHex, "{text:?}");
        }
    }
}
