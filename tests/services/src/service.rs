//! Requests to a fake service, and its answers.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::Value;

/// A request as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as sent: percent-encoded, without the query.
    pub path: String,
    /// The query, or empty.
    pub query: String,
    /// The headers, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The value of a header, or empty.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The media type of the body without parameters, or empty.
    pub fn media(&self) -> &str {
        self.header("content-type").split(';').next().unwrap_or_default().trim()
    }

    /// The body as JSON; null if it is not JSON, or not declared as JSON.
    pub fn json(&self) -> Value {
        if self.media() != "application/json" {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as the fields of a form; empty if it is not declared as a form.
    pub fn form(&self) -> BTreeMap<String, String> {
        if self.media() != "application/x-www-form-urlencoded" {
            return BTreeMap::new();
        }
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The fields of the query.
    pub fn fields(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// The segments of the path, decoded.
    pub fn segments(&self) -> Vec<String> {
        let decode = |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
        self.path.trim_start_matches('/').split('/').map(decode).collect()
    }

    /// The bearer token.
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization").strip_prefix("Bearer ")
    }

    /// The user and password of basic authentication.
    pub fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization").strip_prefix("Basic ")?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }
}

/// A service's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer in plain text.
    pub fn text(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
        Self { status, headers, body: body.as_bytes().to_vec() }
    }

    /// An HTML page, as proxies and web interfaces answer with.
    pub fn html(status: u16, page: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
        Self { status, headers, body: page.as_bytes().to_vec() }
    }

    /// The answer of a proxy that limits rates.
    pub(crate) fn throttled_by_proxy() -> Self {
        Self::html(429, "<html><body><h1>429 Too Many Requests</h1></body></html>").with("retry-after", "1")
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The first unknown name.
pub(crate) fn unknown<'a>(names: impl IntoIterator<Item = &'a String>, known: &[&str]) -> Option<&'a str> {
    names.into_iter().map(String::as_str).find(|name| !known.contains(name))
}

/// Requests for the tests of the fakes themselves.
#[cfg(test)]
impl Seen {
    /// A request without headers and body. The address is a path with or without a query.
    pub(crate) fn new(method: &str, address: &str) -> Self {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        Self { method, path, query, headers: BTreeMap::new(), body: Vec::new() }
    }

    /// The request with one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The request with a JSON body.
    pub(crate) fn with_json(self, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { body, ..self.with("content-type", "application/json") }
    }

    /// The request with a form as its body.
    pub(crate) fn with_form(self, body: &str) -> Self {
        let body = body.as_bytes().to_vec();
        Self { body, ..self.with("content-type", "application/x-www-form-urlencoded") }
    }
}

/// A service with its state.
pub trait Service: Send + 'static {
    /// Answers as the real service does.
    fn answer(&mut self, seen: &Seen) -> Answer;

    /// Answers as the real service does when its rate limit is exceeded.
    fn rate_limit(&mut self, seen: &Seen) -> Answer;
}
