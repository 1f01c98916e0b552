//! Endpoints: URLs that may be asked, and how they are shown without what is secret in them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::{Host, Url};

use crate::operator::{Operator, is_loopback};
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
///
/// It is asked by https. One that was written `http://` is tried by https first, and by plain HTTP only where that was
/// allowed or leads to loopback; clones share what was found out.
#[derive(Clone)]
pub struct Endpoint {
    https: Url,
    /// By plain HTTP, where that may be.
    plain: Option<Url>,
    address: Option<SocketAddr>,
    found: Arc<Found>,
}

/// What was found out about the way to an endpoint.
#[derive(Debug)]
struct Found {
    route: AtomicU8,
    upgrade: Mutex<Option<Upgrade>>,
    /// It answered by https once, and now only by plain HTTP.
    downgraded: AtomicBool,
}

/// With which scheme an endpoint was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Https,
    Http,
}

/// By which way an endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Route {
    /// By https, and failing that by plain HTTP.
    Undecided,
    /// By https alone.
    Https,
    /// By plain HTTP.
    Plain,
}

/// Why an endpoint that was written `http://` is asked by https.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upgrade {
    /// Plain HTTP may not leave the machine.
    Rule,
    /// It answers by https as well.
    Found,
    /// It redirects there.
    Redirected,
    /// It was so when the daemon last ran.
    Remembered,
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
    /// An address for what is one already.
    #[error("endpoint {shown}: address stands in for looking up a name, and this is no name; take it out")]
    Address {
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
        // The port stays where one was written; a default one becomes the other scheme's default.
        https.set_scheme("https").map_err(|()| EndpointError::NotUrl(url::ParseError::InvalidDomainCharacter))?;
        let plain = (allow_http == AllowHttp::Yes || is_loopback(&url)).then_some(url);
        Ok(Self::new(https, plain, Written::Http))
    }

    fn new(https: Url, plain: Option<Url>, written: Written) -> Self {
        let (route, upgrade) = match (&plain, written) {
            (Some(_), _) => (Route::Undecided, None),
            (None, Written::Http) => (Route::Https, Some(Upgrade::Rule)),
            (None, Written::Https) => (Route::Https, None),
        };
        let found = Found {
            route: AtomicU8::new(route as u8),
            upgrade: Mutex::new(upgrade),
            downgraded: AtomicBool::new(false),
        };
        Self { https, plain, address: None, found: Arc::new(found) }
    }

    /// The same endpoint, its name not looked up: connections go to this address, at the URL's port where that of the
    /// address is 0 or the URL has one of its own.
    pub fn at(self, address: SocketAddr) -> Result<Self, EndpointError> {
        match self.https.host() {
            Some(Host::Domain(_)) => Ok(Self { address: Some(address), ..self }),
            _ => Err(EndpointError::Address { shown: self.to_string() }),
        }
    }

    /// What it is called.
    pub fn name(&self) -> EndpointName {
        EndpointName(shown_without_scheme(self.plain.as_ref().unwrap_or(&self.https)).into())
    }

    /// Who runs it, as far as its address tells.
    pub fn operator(&self) -> Operator {
        Operator::of(self.plain.as_ref().unwrap_or(&self.https), self.address)
    }

    /// What tells it from all others, without its secrets: for what is remembered of it.
    pub fn fingerprint(&self) -> String {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(self.https.as_str()))
    }

    /// Its host and the address that stands in for a lookup.
    pub(crate) fn override_of(&self) -> Option<(&str, SocketAddr)> {
        self.https.host_str().zip(self.address)
    }

    /// The whole URL by https, secrets included: for requests only.
    pub(crate) fn https(&self) -> &Url {
        &self.https
    }

    /// The whole URL by plain HTTP, where that may be used.
    pub(crate) fn plain(&self) -> Option<&Url> {
        self.plain.as_ref()
    }

    pub(crate) fn route(&self) -> Route {
        match self.found.route.load(Ordering::Relaxed) {
            0 => Route::Undecided,
            2 if self.plain.is_some() => Route::Plain,
            _ => Route::Https,
        }
    }

    pub(crate) fn set_route(&self, route: Route) {
        self.found.route.store(route as u8, Ordering::Relaxed);
        if route == Route::Plain && self.upgrade_slot().take().is_some() {
            tracing::warn!(endpoint = %self.name(), "it answered by https before, and now only by plain http");
            self.found.downgraded.store(true, Ordering::Relaxed);
        }
    }

    /// Lets https be tried again.
    pub(crate) fn decide_again(&self) {
        if self.route() == Route::Plain {
            self.set_route(Route::Undecided);
        }
    }

    /// It answered by https, although `http://` was written.
    pub(crate) fn note_upgrade(&self, upgrade: Upgrade) {
        self.set_route(Route::Https);
        self.found.downgraded.store(false, Ordering::Relaxed);
        self.upgrade_slot().get_or_insert(upgrade);
    }

    /// Takes it for upgraded, as it was before. Where plain HTTP is allowed, that is tried again should https fail.
    pub fn remember_upgrade(&self) {
        if self.plain.is_some() {
            self.note_upgrade(Upgrade::Remembered);
        }
    }

    /// Why it is asked by https, if it was written `http://` and is.
    pub fn upgrade(&self) -> Option<Upgrade> {
        *self.upgrade_slot()
    }

    /// Whether it answered by https once, and now only by plain HTTP.
    pub fn is_downgraded(&self) -> bool {
        self.found.downgraded.load(Ordering::Relaxed)
    }

    fn upgrade_slot(&self) -> MutexGuard<'_, Option<Upgrade>> {
        self.found.upgrade.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the URL's secrets out of a text that came from elsewhere: proxies echo paths in their errors.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let segments = self.https.path_segments().into_iter().flatten().filter(|part| text::looks_secret(part));
        let values = self.https.query().into_iter().flat_map(|query| query.split('&').map(query_value));
        segments
            .chain(values)
            .filter(|secret| secret.len() > 3)
            .fold(text.to_owned(), |text, secret| if text.contains(secret) { text.replace(secret, "…") } else { text })
    }
}

fn shown_without_scheme(url: &Url) -> String {
    let mut shown = url.host_str().unwrap_or("…").to_owned();
    if let Some(port) = url.port() {
        shown.push_str(&format!(":{port}"));
    }
    let path = url.path().trim_end_matches('/');
    for part in path.split('/').skip(1) {
        shown.push('/');
        shown.push_str(if text::looks_secret(part) { "…" } else { part });
    }
    if let Some(query) = url.query() {
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

impl fmt::Display for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rule => "plain http may not leave this machine",
            Self::Found => "it answers by https as well",
            Self::Redirected => "it redirects there",
            Self::Remembered => "it did so before",
        })
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
