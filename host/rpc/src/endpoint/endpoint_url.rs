//! The validated URL of an endpoint, and how it is shown without its secrets.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;

use url::{Host, Url};

use crate::endpoint::error::EndpointError;
use crate::endpoint::name::{EndpointName, shown_without_scheme};
use crate::endpoint::operator::{Operator, is_loopback};
use crate::endpoint::scheme::{DowngradedNow, FoundScheme, SchemeChoice, Upgrade};
use crate::text;

/// Whether plain HTTP may leave the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllowHttp {
    /// Only to loopback.
    #[default]
    No,
    /// To any host, for example on a private network.
    Yes,
}

/// The validated URL of a JSON-RPC endpoint.
///
/// Providers put tokens into paths and queries, so neither `Display` nor `Debug` shows them.
///
/// It is asked by https. If it was written `http://`, https is tried first, and plain HTTP only if that is allowed or
/// the host is loopback. Clones share what was found out.
#[derive(Clone)]
pub struct Endpoint {
    https: Url,
    /// By plain HTTP, if that is allowed.
    plain: Option<Url>,
    address: Option<SocketAddr>,
    found: Arc<FoundScheme>,
}

/// With which scheme an endpoint was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Https,
    Http,
}

impl Endpoint {
    /// Parses a URL; without a scheme, `https://` is assumed.
    ///
    /// # Errors
    ///
    /// If the text is not a URL, or one with a scheme, a user name or a fragment that cannot be used.
    pub fn parse(text: &str, allow_http: AllowHttp) -> Result<Self, EndpointError> {
        let text = text.trim();
        // The URL parser would silently drop tabs and newlines.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(EndpointError::Blank);
        }
        let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#']));
        let url = if has_scheme { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
        let url = url.map_err(EndpointError::NotUrl)?;
        let shown = || format!("{}://{}", url.scheme(), shown_without_scheme(&url));
        if !matches!(url.scheme(), "https" | "http") {
            return Err(EndpointError::Scheme { shown: shown(), scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo { shown: shown() });
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Fragment { shown: shown() });
        }
        if url.scheme() == "https" {
            return Ok(Self::new(url, None, Written::Https));
        }
        let mut https = url.clone();
        // An explicit port stays; a default one becomes the default of the other scheme.
        https.set_scheme("https").map_err(|()| EndpointError::NotUrl(url::ParseError::InvalidDomainCharacter))?;
        let plain = (allow_http == AllowHttp::Yes || is_loopback(&url)).then_some(url);
        Ok(Self::new(https, plain, Written::Http))
    }

    fn new(https: Url, plain: Option<Url>, written: Written) -> Self {
        let found = match (&plain, written) {
            (Some(_), _) => FoundScheme::new(SchemeChoice::Undecided, None),
            (None, Written::Http) => FoundScheme::new(SchemeChoice::Https, Some(Upgrade::Rule)),
            (None, Written::Https) => FoundScheme::new(SchemeChoice::Https, None),
        };
        Self { https, plain, address: None, found: Arc::new(found) }
    }

    /// The same endpoint, reached at this address instead of through DNS. The URL's port applies if the URL names one or
    /// the address has port 0.
    ///
    /// # Errors
    ///
    /// If the URL's host is an IP address already.
    pub fn at(self, address: SocketAddr) -> Result<Self, EndpointError> {
        match self.https.host() {
            Some(Host::Domain(_)) => Ok(Self { address: Some(address), ..self }),
            _ => Err(EndpointError::Address { shown: self.to_string() }),
        }
    }

    /// What it is called.
    pub fn name(&self) -> EndpointName {
        EndpointName::of(self.plain.as_ref().unwrap_or(&self.https))
    }

    /// Who runs it, judged by its address.
    pub fn operator(&self) -> Operator {
        Operator::of(self.plain.as_ref().unwrap_or(&self.https), self.address)
    }

    /// A hash of the URL that identifies the endpoint without revealing its secrets, to store with what is known of it.
    pub fn fingerprint(&self) -> String {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(self.https.as_str()))
    }

    /// Its host, and the address used instead of a DNS lookup.
    pub(crate) fn override_of(&self) -> Option<(&str, SocketAddr)> {
        self.https.host_str().zip(self.address)
    }

    /// The whole URL by https, secrets included: for requests only.
    pub(crate) fn https(&self) -> &Url {
        &self.https
    }

    /// The whole URL by plain HTTP, if that is allowed; secrets included.
    pub(crate) fn plain(&self) -> Option<&Url> {
        self.plain.as_ref()
    }

    /// The scheme by which it is asked now.
    pub(crate) fn scheme(&self) -> SchemeChoice {
        match self.found.choice() {
            SchemeChoice::Plain if self.plain.is_none() => SchemeChoice::Https,
            choice => choice,
        }
    }

    pub(crate) fn choose_scheme(&self, choice: SchemeChoice) {
        if self.found.choose(choice) == DowngradedNow::Yes {
            tracing::warn!(endpoint = %self.name(), "the endpoint answered by https before, and now only by plain http");
        }
    }

    /// Lets https be tried again.
    pub(crate) fn reconsider_https(&self) {
        if self.scheme() == SchemeChoice::Plain {
            self.choose_scheme(SchemeChoice::Undecided);
        }
    }

    /// Records that it answered by https although `http://` was written.
    pub(crate) fn note_upgrade(&self, upgrade: Upgrade) {
        self.found.note_upgrade(upgrade);
    }

    /// Treats the endpoint as upgraded, as it was before a restart. Where plain HTTP is allowed, it is tried again if
    /// https fails.
    pub fn remember_upgrade(&self) {
        if self.plain.is_some() {
            self.note_upgrade(Upgrade::Remembered);
        }
    }

    /// Why it is asked by https although `http://` was written; `None` if it is not.
    pub fn upgrade(&self) -> Option<Upgrade> {
        self.found.upgrade()
    }

    /// Whether it once answered by https, and now answers only by plain HTTP.
    pub fn is_downgraded(&self) -> bool {
        self.found.is_downgraded()
    }

    /// Removes the URL's secrets from a foreign text: proxies echo paths in their errors.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let segments = self.https.path_segments().into_iter().flatten().filter(|part| text::looks_secret(part));
        let values = self.https.query().into_iter().flat_map(|query| query.split('&').map(query_value));
        segments
            .chain(values)
            .filter(|secret| secret.len() > 3)
            .fold(text.to_owned(), |text, secret| if text.contains(secret) { text.replace(secret, "…") } else { text })
    }
}

fn query_value(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(_, value)| value)
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.https == other.https
    }
}

impl Eq for Endpoint {}

impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.https.hash(state);
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.plain.as_ref().unwrap_or(&self.https);
        write!(f, "{}://{}", url.scheme(), shown_without_scheme(url))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}
