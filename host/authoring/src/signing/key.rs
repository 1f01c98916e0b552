//! Keys to sign with.

use std::fmt;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::{ErrorKind, KeyPair, PError, PublicKey, SecretKey, SecretKeyBox};
use zeroize::Zeroizing;

use super::SigningError;

/// A new pair of keys, as the texts of its files.
pub struct NewPair {
    /// The file of the secret key.
    pub secret: Zeroizing<String>,
    /// The file of the public key.
    pub public: String,
    /// The public key alone.
    pub line: String,
}

impl fmt::Debug for NewPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPair").field("public", &self.line).finish_non_exhaustive()
    }
}

impl NewPair {
    /// Makes a pair; the password protects the secret key's file.
    ///
    /// # Errors
    ///
    /// There is no randomness, or no memory to derive a key from the password.
    pub fn generate(password: Option<&Zeroizing<String>>) -> Result<Self, SigningError> {
        let pair = match password {
            Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_string())),
            None => KeyPair::generate_unencrypted_keypair(),
        };
        let pair = pair.map_err(failed)?;
        // As minisign writes them.
        let comment = if password.is_some() { "minisign encrypted secret key" } else { "minisign secret key" };
        let secret = Zeroizing::new(pair.sk.to_box(Some(comment)).map_err(failed)?.into_string());
        let public = pair.pk.to_box().map_err(failed)?.into_string();
        Ok(Self { secret, public, line: pair.pk.to_base64() })
    }
}

/// What protects a secret key's file, besides its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// A password.
    Password,
    /// Nothing.
    None,
}

impl Protection {
    /// What protects this secret key's file.
    ///
    /// # Errors
    ///
    /// It is no secret key.
    pub fn of(text: &str) -> Result<Self, SigningError> {
        let line = text.lines().nth(1).ok_or(SigningError::NotAKey)?;
        let bytes = Zeroizing::new(STANDARD.decode(line.trim()).map_err(|_| SigningError::NotAKey)?);
        match (bytes.len(), bytes.get(..4)) {
            (158, Some(b"EdSc")) => Ok(Self::Password),
            (158, Some(b"Ed\0\0")) => Ok(Self::None),
            _ => Err(SigningError::NotAKey),
        }
    }
}

/// A secret key, ready to sign.
pub struct SigningKey {
    secret: SecretKey,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public.to_base64()).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Opens a secret key's file; the password is needed where one protects it.
    ///
    /// # Errors
    ///
    /// It is no secret key, or the password is wrong.
    pub fn open(text: &str, password: Option<&Zeroizing<String>>) -> Result<Self, SigningError> {
        let file = || SecretKeyBox::from(text.to_owned());
        let secret = match (Protection::of(text)?, password) {
            (Protection::None, _) => file().into_unencrypted_secret_key().map_err(|_| SigningError::NotAKey)?,
            (Protection::Password, None) => return Err(SigningError::WrongPassword),
            (Protection::Password, Some(password)) => {
                file().into_secret_key(Some(password.to_string())).map_err(|error| match error.kind() {
                    ErrorKind::Verify => SigningError::WrongPassword,
                    _ => failed(error),
                })?
            }
        };
        let public = PublicKey::from_secret_key(&secret).map_err(failed)?;
        Ok(Self { secret, public })
    }

    /// The public key.
    pub fn public(&self) -> String {
        self.public.to_base64()
    }

    /// Signs a file's bytes. The trusted comment has the time, in seconds of Unix, and the file's name, as minisign's has.
    ///
    /// # Errors
    ///
    /// There is no randomness.
    pub fn sign(&self, wasm: &[u8], file: &str, at: u32) -> Result<String, SigningError> {
        let file: String = file.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
        let comment = format!("timestamp:{at}\tfile:{file}\thashed");
        let untrusted = Some("signature from minisign secret key");
        // With the public key, what was signed is verified at once.
        let signed = minisign::sign(Some(&self.public), &self.secret, Cursor::new(wasm), Some(&comment), untrusted);
        Ok(signed.map_err(failed)?.into_string())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn failed(error: PError) -> SigningError {
    SigningError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[test]
    fn a_password_protects_a_key() {
        let pair = NewPair::generate(Some(&password("correct horse"))).unwrap();
        assert_eq!(Protection::of(&pair.secret).unwrap(), Protection::Password);
        let key = SigningKey::open(&pair.secret, Some(&password("correct horse"))).unwrap();
        assert_eq!(key.public(), pair.line);
        for wrong in [Some(password("correct hors")), None] {
            let refused = SigningKey::open(&pair.secret, wrong.as_ref()).unwrap_err();
            assert!(matches!(refused, SigningError::WrongPassword), "{refused}");
        }
    }

    #[test]
    fn a_key_without_a_password_signs_as_minisign_does() {
        let pair = NewPair::generate(None).unwrap();
        assert_eq!(Protection::of(&pair.secret).unwrap(), Protection::None);
        let key = SigningKey::open(&pair.secret, Some(&password("not asked for"))).unwrap();
        let signature = key.sign(b"wasm", "a\nb.wasm", 1_795_436_256).unwrap();
        let lines: Vec<&str> = signature.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "untrusted comment: signature from minisign secret key");
        assert!(lines[1].starts_with("RU"), "hashed first: {signature}");
        assert_eq!(lines[2], "trusted comment: timestamp:1795436256\tfile:a_b.wasm\thashed");
        assert!(pair.line.starts_with("RW") && pair.public.ends_with(&format!("\n{}\n", pair.line)));
    }

    #[test]
    fn what_is_no_secret_key_is_told_without_showing_it() {
        let pair = NewPair::generate(None).unwrap();
        let line = pair.secret.lines().nth(1).unwrap();
        let cut = format!("untrusted comment: x\n{}\n", &line[..80]);
        for text in ["", "one line", &pair.public, &cut] {
            let refused = SigningKey::open(text, None).unwrap_err();
            assert!(matches!(refused, SigningError::NotAKey), "{refused}");
            assert!(!refused.to_string().contains(&line[..40]));
        }
        assert!(!format!("{pair:?}").contains(line));
        let key = SigningKey::open(&pair.secret, None).unwrap();
        assert!(format!("{key:?}").contains(&pair.line) && !format!("{key:?}").contains(line));
    }
}
