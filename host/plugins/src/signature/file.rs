//! The file beside a plugin's file that holds its signature.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::{Error, Signature};
use serde::Serialize;

use super::error::SignatureError;
use super::key::{KeyId, SignerKey};
use crate::error::load::LoadError;
use crate::library::files;
use crate::limits::SENTENCE;
use crate::text::sanitize;

/// A signature, in bytes. minisign writes comments of 9 kB at most.
pub(crate) const SIGNATURE_LIMIT: u64 = 16 << 10;

/// The signature of a plugin's file.
#[derive(Clone)]
pub struct PluginSignature {
    text: String,
    decoded: Signature,
    key: KeyId,
}

impl std::fmt::Debug for PluginSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginSignature").field("key", &self.key).field("comment", &self.comment()).finish()
    }
}

impl PluginSignature {
    /// Where the signature of a plugin's file is: beside it, with `.minisig` after its whole name.
    pub fn path(plugin: &Path) -> PathBuf {
        let mut path = OsString::from(plugin);
        path.push(".minisig");
        path.into()
    }

    /// Reads the signature beside a plugin's file; nothing if there is none.
    ///
    /// # Errors
    ///
    /// What is there cannot be read, or is no signature.
    pub fn beside(plugin: &Path) -> Result<Option<Self>, SignatureError> {
        match files::read(&Self::path(plugin), SIGNATURE_LIMIT) {
            Ok(file) => {
                let text = String::from_utf8(file.bytes).map_err(|_| SignatureError::Malformed)?;
                Self::decode(text).map(Some)
            }
            Err(LoadError::Unreadable(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(LoadError::Unreadable(error)) => Err(SignatureError::Unreadable(error)),
            Err(LoadError::TooLarge { .. }) => Err(SignatureError::TooLarge),
            Err(_) => Err(SignatureError::ChangedWhileRead),
        }
    }

    /// Reads a signature.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn decode(text: String) -> Result<Self, SignatureError> {
        let decoded = Signature::decode(&text).map_err(|_| SignatureError::Malformed)?;
        let signed = text.lines().nth(1).and_then(|line| STANDARD.decode(line).ok());
        let key = signed.and_then(|bytes| KeyId::after_algorithm(&bytes)).ok_or(SignatureError::Malformed)?;
        Ok(Self { text, decoded, key })
    }

    /// The key that it says it is by. Anybody can write that, as long as nothing is verified.
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// The trusted comment, sanitized and shortened. As trusted as the key, once it is verified.
    pub fn comment(&self) -> String {
        sanitize(self.decoded.trusted_comment(), SENTENCE)
    }

    /// The whole file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is of these bytes, and by one of these keys.
    ///
    /// # Errors
    ///
    /// Why it does not hold.
    pub fn verify(&self, wasm: &[u8], keys: &[SignerKey]) -> Result<(), SignatureError> {
        let allowed = || keys.iter().map(SignerKey::id).collect();
        let mut outcome = Err(SignatureError::UnknownKey { found: self.key, allowed: allowed() });
        // Ids are short: two keys may have the same.
        for key in keys.iter().filter(|key| key.id() == self.key) {
            // What panics on a malformed signature must not take the daemon down.
            let verified = catch_unwind(AssertUnwindSafe(|| key.key.verify(wasm, &self.decoded, false)));
            outcome = match verified.unwrap_or(Err(Error::InvalidSignature)) {
                Ok(()) => return Ok(()),
                Err(Error::UnexpectedAlgorithm) => Err(SignatureError::Legacy),
                Err(_) => Err(SignatureError::Mismatch),
            };
        }
        outcome
    }

    /// Who signed, as a list shows it.
    pub fn info(&self, checked: Checked) -> SignatureInfo {
        SignatureInfo { key: self.key, comment: self.comment(), checked }
    }
}

/// Who signed a plugin's file, or says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureInfo {
    /// The id of the key.
    pub key: KeyId,
    /// What the signer says about it.
    pub comment: String,
    /// Whether that is true.
    pub checked: Checked,
}

/// Whether a signature was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Checked {
    /// By a key that is known.
    Verified,
    /// Nobody said by which key.
    Unverified,
}

impl std::fmt::Display for SignatureInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.checked {
            Checked::Verified => write!(f, "by key {}: {}", self.key, self.comment),
            Checked::Unverified => {
                write!(f, "by key {}, as it says (not verified): {}", self.key, self.comment)
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    /// From the documentation of minisign-verify: `test`, signed.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1633700835\tfile:test\tprehashed\n\
        wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==\n";

    fn signature(text: &str) -> PluginSignature {
        PluginSignature::decode(text.to_owned()).unwrap()
    }

    #[test]
    fn a_signature_of_minisigns_holds_for_its_file_and_key_alone() {
        let keys = [SignerKey::parse(KEY).unwrap()];
        let good = signature(SIGNATURE);
        good.verify(b"test", &keys).unwrap();
        assert_eq!(good.key(), keys[0].id());
        assert_eq!(good.comment(), "timestamp:1633700835 file:test prehashed");
        assert!(matches!(good.verify(b"tesT", &keys), Err(SignatureError::Mismatch)));
        assert!(matches!(good.verify(b"test", &[]), Err(SignatureError::UnknownKey { .. })));
        let comment = signature(&SIGNATURE.replace("file:test", "file:tess"));
        assert!(matches!(comment.verify(b"test", &keys), Err(SignatureError::Mismatch)));
        let legacy = signature(&SIGNATURE.replace("RUQf", "RWQf"));
        assert!(matches!(legacy.verify(b"test", &keys), Err(SignatureError::Legacy)));
    }

    #[test]
    fn no_changed_byte_and_no_part_of_it_holds() {
        let keys = [SignerKey::parse(KEY).unwrap()];
        let holds = |text: String| PluginSignature::decode(text).is_ok_and(|it| it.verify(b"test", &keys).is_ok());
        let lines: Vec<&str> = SIGNATURE.lines().collect();
        for line in [1, 3] {
            let bytes = STANDARD.decode(lines[line]).unwrap();
            for at in 0..bytes.len() * 8 {
                let mut bytes = bytes.clone();
                bytes[at / 8] ^= 1 << (at % 8);
                let changed = STANDARD.encode(bytes);
                assert!(!holds(SIGNATURE.replace(lines[line], &changed)), "bit {at} of line {line}");
            }
        }
        // Without the line feed at its end it is whole.
        for end in 0..SIGNATURE.len() - 1 {
            assert!(!holds(SIGNATURE[..end].to_owned()), "{end} bytes of it");
        }
    }

    #[test]
    fn a_comment_writes_one_line_on_a_terminal() {
        let text = SIGNATURE.replace("prehashed", "\u{1b}[2J\r\u{202e}evil\u{2066}");
        assert_eq!(signature(&text).comment(), "timestamp:1633700835 file:test  [2J  evil ");
    }
}
