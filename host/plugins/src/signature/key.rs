//! The public keys that plugins are signed with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::PublicKey;
use serde::{Serialize, Serializer};

use super::error::SignerKeyError;

/// Bytes of a secret key: with its salt, its limits and its checksum.
const SECRET: usize = 158;

/// The id of a key: a number that is made with it. Shown as minisign shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId(u64);

impl KeyId {
    /// The id in what begins with the two bytes of an algorithm: a public key, or a signature.
    pub(super) fn after_algorithm(bytes: &[u8]) -> Option<Self> {
        Some(Self(u64::from_le_bytes(*bytes.get(2..)?.first_chunk()?)))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The public key of somebody who signs plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerKey {
    id: KeyId,
    pub(super) key: PublicKey,
}

impl SignerKey {
    /// Reads a key: its line alone, or the whole file that ends in `.pub`.
    ///
    /// # Errors
    ///
    /// It is no public key.
    pub fn parse(text: &str) -> Result<Self, SignerKeyError> {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        let bytes = STANDARD.decode(line).map_err(|_| SignerKeyError::NotAKey)?;
        if bytes.len() == SECRET {
            return Err(SignerKeyError::Secret);
        }
        let key = PublicKey::from_base64(line).map_err(|_| SignerKeyError::NotAKey)?;
        let id = KeyId::after_algorithm(&bytes).ok_or(SignerKeyError::NotAKey)?;
        Ok(Self { id, key })
    }

    /// Its id.
    pub const fn id(&self) -> KeyId {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_line_or_its_file() {
        // From the documentation of minisign-verify.
        let line = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
        let key = SignerKey::parse(line).unwrap();
        assert_eq!(key.id().to_string(), "E7620F1842B4E81F");
        let file = format!("untrusted comment: minisign public key E7620F1842B4E81F\r\n{line}\r\n\n");
        assert_eq!(SignerKey::parse(&file), Ok(key));
        for text in ["", "nonsense", &line[1..], &format!("{line}{line}"), "untrusted comment: none"] {
            assert_eq!(SignerKey::parse(text), Err(SignerKeyError::NotAKey), "{text}");
        }
        let secret = STANDARD.encode([0; SECRET]);
        let refused = SignerKey::parse(&format!("untrusted comment: secret\n{secret}\n")).unwrap_err();
        assert_eq!(refused, SignerKeyError::Secret);
        assert!(!refused.to_string().contains(&secret));
    }
}
