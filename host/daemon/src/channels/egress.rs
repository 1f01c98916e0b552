//! Sends what channels compose: checks the allow-list, fills in the secrets, uses HTTPS or SMTP, follows no redirect.

mod mail;
mod scrub;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use dogwatch_plugins::{ChannelRequest, ChannelResponse, DigestEncoding, Encoding, Header, HttpRequest, Method, Part};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderName, HeaderValue};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::config::{ChannelConfig, Secret};

/// The most that is read of an answer, in bytes.
const BODY_LIMIT: usize = 64 << 10;

/// The hosts one channel may reach and the secrets it may use.
#[derive(Clone, Debug)]
pub struct Egress {
    client: reqwest::Client,
    allow_hosts: Vec<String>,
    allow_http: bool,
    secrets: BTreeMap<String, Secret>,
    authorities: Vec<Vec<u8>>,
}

/// The port that a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EgressPort {
    /// One that the protocol is usually served on.
    Usual(u16),
    /// Any other.
    Other(u16),
}

/// Why a request was not sent or not answered. Shows no URL, because URLs can hold tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The plugin uses a secret that is not configured.
    #[error("it needs the secret {0:?}, which is not configured; add it to [channel.secrets]")]
    NoSecret(String),
    /// The address is not a URL once the secrets are filled in.
    #[error("the address is not a URL; check the channel's settings and secrets")]
    BadUrl,
    /// The scheme is not http(s), or is plain http where that is not allowed.
    #[error("{0:?} would carry the alert unencrypted to another machine; use https, or set allow_http = true")]
    Scheme(String),
    /// The host is not on the allow-list.
    #[error("host {0:?} is not in allow_hosts of this channel")]
    Host(String),
    /// A header is malformed once the secrets are filled in.
    #[error("the header {0:?} is malformed; a secret may hold a line break")]
    Header(String),
    /// A part of the request is in the wrong place.
    #[error("a part of the request is in the wrong place; this is a bug in the plugin")]
    Misplaced,
    /// The mail is malformed.
    #[error("the mail is malformed: {0}; check the addresses in the channel's settings")]
    Mail(String),
    /// The authority's certificate is unusable.
    #[error("the channel's authority is not a certificate in PEM form")]
    Authority,
    /// The request did not get through.
    #[error("{0}")]
    Transport(String),
}

impl EgressError {
    /// Whether another attempt can work without the operator doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transport(_))
    }
}

impl Egress {
    /// The way out for a channel. Channels without an authority of their own use the shared client.
    ///
    /// # Errors
    ///
    /// If a client that trusts the channel's authority cannot be built.
    pub fn new(channel: &ChannelConfig, shared: &reqwest::Client) -> Result<Self, reqwest::Error> {
        let mut egress = Self::shared(channel, shared);
        if !channel.authorities.is_empty() {
            egress.client = client_trusting(&channel.authorities)?;
            egress.authorities.clone_from(&channel.authorities);
        }
        Ok(egress)
    }

    /// The same on the shared client, even if the channel has an authority: for one whose authority is unusable.
    pub fn shared(channel: &ChannelConfig, shared: &reqwest::Client) -> Self {
        Self {
            client: shared.clone(),
            allow_hosts: channel.allow_hosts.clone(),
            allow_http: channel.allow_http,
            secrets: channel.secrets.clone(),
            authorities: Vec::new(),
        }
    }

    /// The names of the secrets.
    pub fn secret_names(&self) -> Vec<String> {
        self.secrets.keys().cloned().collect()
    }

    /// Sends one request and reads the answer.
    ///
    /// # Errors
    ///
    /// If the request is not permitted or gets no answer.
    pub async fn send(&self, request: &ChannelRequest) -> Result<ChannelResponse, EgressError> {
        match request {
            ChannelRequest::Http(request) => {
                let request = self.filled(request)?;
                let answer = self.client.execute(request).await.map_err(|error| self.transport(&error))?;
                self.read(answer).await
            }
            ChannelRequest::Mail(mail) => self.send_mail(mail).await,
        }
    }

    /// Checks that this request could be sent: its secrets are configured and its host is allowed. Sends nothing.
    ///
    /// # Errors
    ///
    /// If the request is not permitted.
    pub fn permits(&self, request: &ChannelRequest) -> Result<(), EgressError> {
        match request {
            ChannelRequest::Http(request) => self.filled(request).map(drop),
            ChannelRequest::Mail(mail) => self.permits_mail(mail),
        }
    }

    /// The request as it goes out, with the secrets filled in.
    fn filled(&self, request: &HttpRequest) -> Result<reqwest::Request, EgressError> {
        let url = self.url(&self.fill(&request.url)?)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let body = self.fill(&request.body)?;
        let mut builder = self.client.request(method, url).body(body.as_bytes().to_vec());
        for Header { name, value } in &request.headers {
            let malformed = || EgressError::Header(name.clone());
            let value = self.fill_signed(value, body.as_bytes())?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| malformed())?;
            value.set_sensitive(true);
            builder = builder.header(HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?, value);
        }
        builder.build().map_err(|_| EgressError::BadUrl)
    }

    /// Removes the secrets from a text that others wrote: a service may echo what it was sent.
    pub fn scrub(&self, text: &str) -> String {
        scrub::secrets(text, self.secrets.values().map(Secret::reveal))
    }

    /// What went wrong, without the URL.
    fn transport(&self, error: &reqwest::Error) -> EgressError {
        EgressError::Transport(self.scrub(&describe(error)))
    }

    /// Reads an answer, up to the limit.
    async fn read(&self, mut answer: reqwest::Response) -> Result<ChannelResponse, EgressError> {
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), self.scrub(value.to_str().ok()?))))
            .collect();
        let mut body = Vec::new();
        while body.len() < BODY_LIMIT {
            match answer.chunk().await.map_err(|error| self.transport(&error))? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        body.truncate(BODY_LIMIT);
        // A plugin cannot leak what it never sees, nor cut a secret in half so that scrubbing misses it.
        let text = String::from_utf8_lossy(&body);
        let scrubbed = self.scrub(&text);
        if scrubbed != text {
            body = scrubbed.into_bytes();
        }
        Ok(ChannelResponse { status, headers, body })
    }

    /// Fills in the secrets.
    fn fill(&self, parts: &[Part]) -> Result<Zeroizing<String>, EgressError> {
        self.fill_with(parts, None)
    }

    /// The same, where signatures of the body are allowed too.
    fn fill_signed(&self, parts: &[Part], body: &[u8]) -> Result<Zeroizing<String>, EgressError> {
        self.fill_with(parts, Some(body))
    }

    fn fill_with(&self, parts: &[Part], body: Option<&[u8]>) -> Result<Zeroizing<String>, EgressError> {
        let mut text = Zeroizing::new(String::new());
        for part in parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Secret { name, encoding } => text.push_str(&encode(self.secret(name)?, *encoding)),
                Part::Basic { user, password } => {
                    let pair = Zeroizing::new(format!("{user}:{}", self.secret(password)?));
                    text.push_str(&encode(&pair, Encoding::Base64));
                }
                Part::Signature { key, prefix, encoding } => {
                    let body = body.ok_or(EgressError::Misplaced)?;
                    text.push_str(&sign(self.secret(key)?, prefix, body, *encoding));
                }
            }
        }
        Ok(text)
    }

    fn secret(&self, name: &str) -> Result<&str, EgressError> {
        self.secrets.get(name).map(Secret::reveal).ok_or_else(|| EgressError::NoSecret(name.to_owned()))
    }

    /// Checks the address with the secrets filled in: a secret may hold the host.
    fn url(&self, text: &str) -> Result<Url, EgressError> {
        let url = Url::parse(text).map_err(|_| EgressError::BadUrl)?;
        let host = url.host().ok_or(EgressError::BadUrl)?;
        let loopback = match &host {
            Host::Ipv4(ip) => IpAddr::V4(*ip).is_loopback(),
            Host::Ipv6(ip) => IpAddr::V6(*ip).is_loopback(),
            Host::Domain(name) => *name == "localhost",
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback || self.allow_http => {}
            other => return Err(EgressError::Scheme(other.to_owned())),
        }
        let name = host.to_string().to_lowercase();
        let port = match url.port() {
            Some(port) => EgressPort::Other(port),
            None => EgressPort::Usual(url.port_or_known_default().unwrap_or(0)),
        };
        self.check_host(&name, port)?;
        Ok(url)
    }

    /// A host alone allows its usual ports; any other port must be listed with it.
    fn check_host(&self, name: &str, port: EgressPort) -> Result<(), EgressError> {
        let listed = |host: &str| self.allow_hosts.iter().any(|allowed| allowed == host);
        match port {
            EgressPort::Usual(port) if listed(name) || listed(&format!("{name}:{port}")) => Ok(()),
            EgressPort::Usual(_) => Err(EgressError::Host(name.to_owned())),
            EgressPort::Other(port) => {
                let host = format!("{name}:{port}");
                if listed(&host) { Ok(()) } else { Err(EgressError::Host(host)) }
            }
        }
    }
}

/// The HMAC-SHA-256 of prefix and body.
fn sign(key: &str, prefix: &str, body: &[u8], encoding: DigestEncoding) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(prefix.as_bytes());
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    match encoding {
        DigestEncoding::Hex => hex::encode(digest),
        DigestEncoding::Base64 => base64::engine::general_purpose::STANDARD.encode(digest),
    }
}

fn encode(secret: &str, encoding: Encoding) -> Zeroizing<String> {
    Zeroizing::new(match encoding {
        Encoding::Plain => secret.to_owned(),
        Encoding::Json => {
            let quoted = serde_json::Value::from(secret).to_string();
            quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned()
        }
        Encoding::Percent => utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        Encoding::Base64 => base64::engine::general_purpose::STANDARD.encode(secret),
    })
}

/// A transport error as text, without the URL.
fn describe(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the request failed"
    };
    std::error::Error::source(error).map_or_else(|| kind.to_owned(), |cause| format!("{kind}: {}", root_cause(cause)))
}

/// The error at the bottom of a chain of errors, as text.
pub fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The client that all channels share.
///
/// # Errors
///
/// If TLS cannot be set up.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    client_trusting(&[])
}

/// A client that also trusts these authorities, given in PEM form.
fn client_trusting(authorities: &[Vec<u8>]) -> Result<reqwest::Client, reqwest::Error> {
    let mut certificates = Vec::new();
    for pem in authorities {
        certificates.extend(reqwest::Certificate::from_pem_bundle(pem)?);
    }
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(15))
        .user_agent(concat!("dogwatch/", env!("CARGO_PKG_VERSION")))
        .tls_certs_merge(certificates)
        .no_proxy()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress(hosts: &[&str]) -> Egress {
        let secret = |text: &str| Secret::new(text.to_owned());
        Egress {
            client: {
                crate::install_tls_provider();
                http_client().unwrap()
            },
            allow_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            allow_http: false,
            authorities: Vec::new(),
            secrets: BTreeMap::from([
                ("token".to_owned(), secret("a\"b/ü")),
                ("url".to_owned(), secret("https://evil.example/x")),
            ]),
        }
    }

    #[test]
    fn only_listed_hosts_are_allowed() {
        let egress = egress(&["hooks.example.com", "127.0.0.1:8080"]);
        assert!(egress.url("https://hooks.example.com/a?b").is_ok());
        assert!(egress.url("https://HOOKS.example.com/").is_ok());
        assert!(egress.url("http://127.0.0.1:8080/").is_ok());
        for (bad, error) in [
            ("https://hooks.example.com:8443/", EgressError::Host("hooks.example.com:8443".into())),
            ("https://hooks.example.com.evil.net/", EgressError::Host("hooks.example.com.evil.net".into())),
            ("https://hooks.example.com@evil.net/", EgressError::Host("evil.net".into())),
            ("http://127.0.0.1:9090/", EgressError::Host("127.0.0.1:9090".into())),
            ("http://hooks.example.com/", EgressError::Scheme("http".into())),
            ("file:///etc/passwd", EgressError::BadUrl),
            ("nonsense", EgressError::BadUrl),
        ] {
            assert_eq!(egress.url(bad), Err(error), "{bad}");
        }
    }

    #[test]
    fn a_secret_cannot_smuggle_in_a_host() {
        let egress = egress(&["hooks.example.com"]);
        let parts = [Part::Secret { name: "url".into(), encoding: Encoding::Plain }];
        let url = egress.fill(&parts).unwrap();
        assert_eq!(egress.url(&url), Err(EgressError::Host("evil.example".into())));
        let unknown = [Part::Secret { name: "nope".into(), encoding: Encoding::Plain }];
        assert_eq!(egress.fill(&unknown).unwrap_err(), EgressError::NoSecret("nope".into()));
    }

    #[test]
    fn secrets_fit_their_surroundings() {
        let encodings = [
            (Encoding::Plain, "a\"b/ü"),
            (Encoding::Json, "a\\\"b/ü"),
            (Encoding::Percent, "a%22b%2F%C3%BC"),
            (Encoding::Base64, "YSJiL8O8"),
        ];
        for (encoding, expected) in encodings {
            assert_eq!(*encode("a\"b/ü", encoding), expected);
        }
        assert_eq!(*encode("\"", Encoding::Json), "\\\"");
    }

    #[test]
    fn echoed_text_holds_no_secret() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let mut egress = egress(&[]);
        egress.secrets = BTreeMap::from([
            ("token".to_owned(), secret("a\"b/ü-X")),
            ("longer".to_owned(), secret("a\"b/ü-X and more")),
            ("short".to_owned(), secret("the")),
            ("chat".to_owned(), secret("-1001")),
            ("hook".to_owned(), secret("https://hooks.example.com/services/T0/B0/Xyz")),
            ("password".to_owned(), secret("correct horse")),
        ]);
        for (text, scrubbed) in [
            ("no: a\"b/ü-X!", "no: …!"),
            ("no: a\"b/ü-X and more!", "no: …!"),
            ("{\"echo\":\"a\\\"b/ü-X\"}", "{\"echo\":\"…\"}"),
            ("/bota%22b%2F%C3%BC%2DX/send", "/bot…/send"),
            ("/bota%22b%2f%c3%bc-X/send", "/bot…/send"),
            ("/bota%22b/%C3%BC-X/send", "/bot…/send"),
            ("chat -1001 and the others", "chat … and the others"),
            ("Cannot POST /services/T0/B0/Xyz", "Cannot POST /…"),
            // `u:correct horse`, `us:correct horse`, `use:correct horse`
            ("Basic dTpjb3JyZWN0IGhvcnNl", "Basic dTp…"),
            ("Basic dXM6Y29ycmVjdCBob3JzZQ==", "Basic dXM6…"),
            ("Basic dXNlOmNvcnJlY3QgaG9yc2U=", "Basic dXNlOm…c2U="),
        ] {
            assert_eq!(egress.scrub(text), scrubbed, "{text}");
        }
    }

    #[test]
    fn signs_the_body() {
        // RFC 4231, test case 2.
        let digest = sign("Jefe", "what do ya want ", b"for nothing?", DigestEncoding::Hex);
        assert_eq!(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let egress = egress(&[]);
        let sign = Part::Signature { key: "token".into(), prefix: String::new(), encoding: DigestEncoding::Base64 };
        assert_eq!(egress.fill(std::slice::from_ref(&sign)).unwrap_err(), EgressError::Misplaced);
        assert_eq!(egress.fill_signed(&[sign], b"body").unwrap().len(), 44);
    }

    #[test]
    fn basic_authentication_is_user_and_password() {
        let basic = Part::Basic { user: "me".into(), password: "token".into() };
        assert_eq!(*egress(&[]).fill(&[basic]).unwrap().as_str(), *"bWU6YSJiL8O8");
    }

    #[test]
    fn permission_is_checked_without_sending() {
        let egress = egress(&["hooks.example.com"]);
        let text = |text: &str| vec![Part::Text(text.to_owned())];
        let to = |url: &str, headers| {
            ChannelRequest::Http(HttpRequest { method: Method::Post, url: text(url), headers, body: vec![] })
        };
        assert_eq!(egress.permits(&to("https://hooks.example.com/x", vec![])), Ok(()));
        let refused = Err(EgressError::Host("evil.example".into()));
        assert_eq!(egress.permits(&to("https://evil.example/", vec![])), refused);
        let broken = Header { name: "x-key".into(), value: text("a\nb") };
        let refused = Err(EgressError::Header("x-key".into()));
        assert_eq!(egress.permits(&to("https://hooks.example.com/x", vec![broken])), refused);
    }
}
