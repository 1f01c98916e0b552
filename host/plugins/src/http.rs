//! Requests as channels compose them: with the names of secrets where the secrets will be.

use std::time::Duration;

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

/// A piece of an address, a header or a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As the channel wrote it.
    Text(String),
    /// A secret, by its name.
    Secret {
        /// Which; always one that is configured.
        name: String,
        /// How it is written.
        encoding: Encoding,
    },
}

/// The methods that a channel may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

impl Method {
    /// The method's name in a request line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A header. Its name is a token, and the text in its value has no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Vec<Part>,
}

/// A request that delivers an alert, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address. The host must still be found on the operator's list.
    pub url: Vec<Part>,
    /// The headers.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<Part>,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; the channel sees its first 64 KiB.
    pub body: Vec<u8>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// A human has it, or the service says it will reach one.
    Delivered,
    /// The service took it; the text is a receipt.
    Accepted(String),
    /// Not now: again after so long.
    RetryAfter(Duration),
    /// Failed, and may work later.
    Transient(String),
    /// Failed, and will fail again until the operator changes something.
    Permanent(String),
}
