//! Text in which secrets are named, and put in only when it is sent.

/// How a secret is written into its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// As the inside of a JSON string.
    Json,
    /// Percent-encoded.
    Percent,
    /// Base64.
    Base64,
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestEncoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Base64.
    Base64,
}

/// A piece of a URL, a header or a body. Every secret that it names is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, as the channel wrote it.
    Text(String),
    /// A secret.
    Secret {
        /// The secret's name.
        name: String,
        /// How it is written.
        encoding: Encoding,
    },
    /// Base64 of `user:password`, for HTTP basic authentication.
    Basic {
        /// The user.
        user: String,
        /// The name of the secret that is the password.
        password: String,
    },
    /// An HMAC-SHA-256 of the prefix and the body. Only in a header.
    Signature {
        /// The name of the secret that is the key.
        key: String,
        /// The text that is signed before the body.
        prefix: String,
        /// How the digest is written.
        encoding: DigestEncoding,
    },
}
