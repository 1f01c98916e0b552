//! Why a text or a number is not a key.

/// Why a text or number is not a key. It never quotes the text, which may be a secret with one letter mistyped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text does not start with the chain's prefix.
    #[error("a public key on this chain starts with {expected}, this one with {found:?}")]
    Prefix {
        /// The chain's prefix.
        expected: String,
        /// The first letters of the text.
        found: String,
    },
    /// A letter that does not occur in base58: 0, O, I or l.
    #[error("not base58: a letter is mistyped (0, O, I and l never occur)")]
    Base58,
    /// The key is too long or too short.
    #[error("{length} bytes instead of {expected}: a letter is missing or extra")]
    Length {
        /// The number of bytes of a key.
        expected: usize,
        /// The number of bytes found.
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
    /// The bytes are not a point on the curve.
    #[error("not a point on secp256k1: no private key can belong to this public key")]
    NotOnCurve,
}
