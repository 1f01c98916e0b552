//! Requests as channels compose them: with the names of secrets where the secrets will be. HTTP and mail.

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
    /// Base64 of `user:password`, as HTTP's basic authentication takes it.
    Basic {
        /// The user.
        user: String,
        /// The name of the secret that is the password; always one that is configured.
        password: String,
    },
    /// An HMAC-SHA-256 over the prefix and the body; only in a header.
    Signature {
        /// The name of the secret that is the key; always one that is configured.
        key: String,
        /// What stands before the body.
        prefix: String,
        /// How the digest is written.
        encoding: DigestEncoding,
    },
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestEncoding {
    /// Hexadecimal, in lower case.
    Hex,
    /// Base64.
    Base64,
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
pub enum Request {
    /// By HTTP.
    Http(HttpRequest),
    /// By SMTP.
    Mail(Mail),
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS by STARTTLS, without which nothing is sent.
    StartTls,
    /// No TLS.
    Plain,
}

/// User and password for a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLogin {
    /// The user.
    pub user: Vec<Part>,
    /// The password.
    pub password: Vec<Part>,
}

/// A mail in plain text. No line of it but the text holds a line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The server's host. Must still be found on the operator's list.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub security: MailSecurity,
    /// User and password, if it wants any.
    pub login: Option<MailLogin>,
    /// From whom.
    pub sender: String,
    /// To whom.
    pub recipients: Vec<String>,
    /// About what.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// Its Message-ID.
    pub message_id: String,
    /// The Message-ID of the mail that began the thread, or empty.
    pub in_reply_to: String,
}

/// A request by HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
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
    /// The HTTP status, or the SMTP reply code.
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
    /// The service took it, and can be asked what became of it.
    Follow(Following),
    /// Failed as it was sent, and may work with this in the channel's memory.
    Remember(String),
    /// Not now: again after so long.
    RetryAfter(Duration),
    /// Failed, and may work later.
    Transient(String),
    /// Failed, and will fail again until the operator changes something.
    Permanent(String),
}

/// A message whose fate can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// What the service calls it.
    pub receipt: String,
    /// When to ask for the first time.
    pub after: Duration,
    /// Whether it counts as delivered already.
    pub reached: Reached,
}

/// Whether a message that is followed counts as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It does; only its acknowledgement is waited for.
    Yes,
    /// That is what the service is to be asked.
    NotYet,
}

/// What became of a message that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not known yet: ask again after so long.
    Waiting(Duration),
    /// A human has taken it on; the text says who, or is empty.
    Acknowledged(String),
    /// It reached a human, or has run its course.
    Over,
    /// It reached nobody: send it again.
    Unreached(String),
    /// It reached nobody, and will not until the operator changes something.
    Permanent(String),
}

/// What a dead man's switch is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// The daemon has started.
    Started,
    /// A full cycle went well.
    Well,
    /// It runs, and cannot do its work.
    Failing(String),
}
