//! Constructors for requests.

use crate::channel_types::{
    Alert, Basic, DigestEncoding, Encoding, Event, Header, HttpRequest, Mail, Method, Part, Request, Secret, Severity,
    Signature,
};

impl Part {
    /// A secret, written as it is.
    pub fn secret(name: impl Into<String>) -> Self {
        Self::encoded_secret(name, Encoding::Plain)
    }

    /// A secret, encoded for its surroundings.
    pub fn encoded_secret(name: impl Into<String>, encoding: Encoding) -> Self {
        Self::Secret(Secret { name: name.into(), encoding })
    }

    /// User and password for HTTP basic authentication; the password is the secret with this name.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Basic(Basic { user: user.into(), password: password.into() })
    }

    /// The HMAC-SHA-256 of the prefix and the body, in hexadecimal; the key is the secret with this name.
    pub fn signature(key: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self::Signature(Signature { key: key.into(), prefix: prefix.into(), encoding: DigestEncoding::Hex })
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Header {
    /// A header without a secret.
    pub fn plain(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: vec![Part::Text(value.into())] }
    }

    /// A bearer token: the secret with this name.
    pub fn bearer(secret: impl Into<String>) -> Self {
        Self { name: "authorization".to_owned(), value: vec!["Bearer ".into(), Part::secret(secret)] }
    }

    /// User and password for HTTP basic authentication; the password is the secret with this name.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: "authorization".to_owned(), value: vec!["Basic ".into(), Part::basic(user, password)] }
    }
}

impl HttpRequest {
    /// A request without headers or body.
    pub fn new(method: Method, url: Vec<Part>) -> Self {
        Self { method, url, headers: Vec::new(), body: Vec::new() }
    }

    /// The request with one more header.
    #[must_use]
    pub fn header(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }

    /// The request with a JSON body, as one text or as parts with secrets between them.
    #[must_use]
    pub fn json(self, body: Vec<Part>) -> Self {
        Self { body, ..self.header(Header::plain("content-type", "application/json")) }
    }

    /// The request with a form as its body: names, and values that are encoded here.
    #[must_use]
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, FormValue<'a>)>) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            let and = if body.is_empty() { "" } else { "&" };
            match value {
                FormValue::Text(text) => {
                    body.push(format!("{and}{name}={}", crate::text::percent(text)).into());
                }
                FormValue::Secret(secret) => {
                    body.push(format!("{and}{name}=").into());
                    body.push(Part::encoded_secret(secret, Encoding::Percent));
                }
            }
        }
        Self { body, ..self.header(Header::plain("content-type", "application/x-www-form-urlencoded")) }
    }
}

/// The value of a form field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormValue<'a> {
    /// A text.
    Text(&'a str),
    /// The secret with this name.
    Secret(&'a str),
}

impl From<HttpRequest> for Request {
    fn from(request: HttpRequest) -> Self {
        Self::Http(request)
    }
}

impl From<Mail> for Request {
    fn from(mail: Mail) -> Self {
        Self::Mail(mail)
    }
}

impl Alert {
    /// Whether it is open and unacknowledged: somebody is needed.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.event, Event::Opened | Event::Updated | Event::Escalated)
    }

    /// Whether it is open, and critical or a page: worth a mention, and whatever else draws attention.
    #[must_use]
    pub const fn is_serious(&self) -> bool {
        self.is_open() && matches!(self.severity, Severity::Critical | Severity::Page)
    }

    /// Whether it need not make a sound: it is no longer open, a report, or for information only.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        !self.is_open() || matches!(self.severity, Severity::Info)
    }
}

impl Event {
    /// The event's name, as messages carry it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Escalated => "escalated",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Report => "report",
        }
    }
}

impl Severity {
    /// All severities, least severe first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Critical, Self::Page];

    /// The severity's name, as messages carry it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Page => "page",
        }
    }
}
