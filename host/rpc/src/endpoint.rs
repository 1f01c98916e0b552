//! Endpoints: URLs that may be asked, and how they are shown without what is secret in them.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

use crate::text;

/// Whether plain HTTP may leave the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllowHttp {
    /// Only to loopback.
    #[default]
    No,
    /// To any host: a private network is meant.
    Yes,
}

/// The validated URL of a JSON-RPC endpoint.
///
/// Providers put tokens into paths and queries, so neither `Display` nor `Debug` shows them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    url: Url,
}

/// What an endpoint is called in logs, alerts and metrics: its URL, without scheme and secrets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointName(Arc<str>);

/// A text that is not an endpoint Dogwatch will ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not a URL at all. The text itself may hold a token and is not repeated.
    #[error("the endpoint is not a URL ({0}): write it like https://api.example.com")]
    NotUrl(url::ParseError),
    /// Blanks or control characters.
    #[error("the endpoint holds blanks or control characters: write it like https://api.example.com")]
    Blank,
    /// Neither `https` nor `http`.
    #[error("endpoint {shown}: {scheme}:// is not spoken, write https://")]
    Scheme {
        /// The endpoint, secrets left out.
        shown: String,
        /// What was found.
        scheme: String,
    },
    /// Plain HTTP to another machine.
    #[error(
        "endpoint {shown}: anyone on the way could answer in its stead; write https://, or set allow_http if it is on a private network"
    )]
    PlainHttp {
        /// The endpoint, secrets left out.
        shown: String,
    },
    /// A user name or password.
    #[error("endpoint {shown}: a user name or password in the URL is not supported; take it out")]
    UserInfo {
        /// The endpoint, secrets left out.
        shown: String,
    },
    /// A fragment.
    #[error("endpoint {shown}: a URL's part after '#' is never sent; take it out")]
    Fragment {
        /// The endpoint, secrets left out.
        shown: String,
    },
}

impl Endpoint {
    /// Reads a URL. Without a scheme, `https://` is meant.
    pub fn parse(text: &str, allow_http: AllowHttp) -> Result<Self, EndpointError> {
        let text = text.trim();
        // The URL parser would drop tabs and newlines in silence.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(EndpointError::Blank);
        }
        let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#']));
        let url = if has_scheme { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
        let endpoint = Self { url: url.map_err(EndpointError::NotUrl)? };
        let (url, shown) = (&endpoint.url, || endpoint.to_string());
        if !matches!(url.scheme(), "https" | "http") {
            return Err(EndpointError::Scheme { shown: shown(), scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo { shown: shown() });
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment { shown: shown() });
        }
        if url.scheme() == "http" && allow_http == AllowHttp::No && !is_loopback(url) {
            return Err(EndpointError::PlainHttp { shown: shown() });
        }
        Ok(endpoint)
    }

    /// What it is called.
    pub fn name(&self) -> EndpointName {
        EndpointName(self.shown_without_scheme().into())
    }

    /// The whole URL, secrets included: for requests only.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Takes the URL's secrets out of a text that came from elsewhere: proxies echo paths in their errors.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let segments = self.url.path_segments().into_iter().flatten().filter(|part| text::looks_secret(part));
        let values = self.url.query().into_iter().flat_map(|query| query.split('&').map(query_value));
        segments
            .chain(values)
            .filter(|secret| secret.len() > 3)
            .fold(text.to_owned(), |text, secret| if text.contains(secret) { text.replace(secret, "…") } else { text })
    }

    fn shown_without_scheme(&self) -> String {
        let mut shown = self.url.host_str().unwrap_or("…").to_owned();
        if let Some(port) = self.url.port() {
            shown.push_str(&format!(":{port}"));
        }
        let path = self.url.path().trim_end_matches('/');
        for part in path.split('/').skip(1) {
            shown.push('/');
            shown.push_str(if text::looks_secret(part) { "…" } else { part });
        }
        if let Some(query) = self.url.query() {
            let pairs: Vec<String> = query
                .split('&')
                .map(|pair| match pair.split_once('=') {
                    Some((name, _)) if !text::looks_secret(name) => format!("{name}=…"),
                    _ => "…".to_owned(),
                })
                .collect();
            shown.push_str(&format!("?{}", pairs.join("&")));
        }
        shown
    }
}

fn query_value(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(_, value)| value)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.shown_without_scheme())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl EndpointName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with a number, for endpoints that differ only in what is hidden.
    pub(crate) fn numbered(&self, number: usize) -> Self {
        Self(format!("{self}#{number}").into())
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
