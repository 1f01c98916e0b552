//! One POST to one URL: limits on everything, redirects not followed, and what went wrong told apart.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect};
use rustls::CertificateError;
use url::Url;

use crate::clock::Clock;
use crate::endpoint::{Endpoint, Route, Upgrade};
use crate::error::{Phase, RpcError, Sent, TlsFault};
use crate::options::{OptionsError, PoolOptions};
use crate::redirect::{Redirect, RedirectFault};
use crate::retry_after::retry_after;
use crate::text;

/// The shared HTTP client.
#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    /// For finding out whether TLS is spoken: who does not speak it may wait for more of the handshake for ever.
    /// Made where some endpoint may be asked by either.
    guessing: Option<reqwest::Client>,
    options: PoolOptions,
}

impl Transport {
    /// A transport that may reach these endpoints, and others by their names.
    pub(crate) fn new<'a>(
        options: PoolOptions,
        endpoints: impl Iterator<Item = &'a Endpoint>,
    ) -> Result<Self, OptionsError> {
        options.check()?;
        // reqwest asks rustls for the process's provider; whoever installed one before is left in place.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut authorities = Vec::new();
        for pem in &options.authorities {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| OptionsError::Authority)?;
            if certificates.is_empty() {
                return Err(OptionsError::Authority);
            }
            authorities.extend(certificates);
        }
        let endpoints: Vec<&Endpoint> = endpoints.collect();
        let overrides: Vec<_> = endpoints.iter().filter_map(|endpoint| endpoint.override_of()).collect();
        let client = |connect_timeout: Duration| {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("dogwatch/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .connect_timeout(connect_timeout)
                // A proxy set for browsers would see every token and could answer in the node's stead.
                .no_proxy()
                .referer(false)
                // Behind a router that has forgotten the connection nothing comes back: HTTP/2 would go on using it.
                .http2_keep_alive_interval(options.total_timeout)
                .http2_keep_alive_timeout(options.connect_timeout)
                .http2_keep_alive_while_idle(false)
                .tcp_user_timeout(options.total_timeout.saturating_mul(2))
                .tls_certs_merge(authorities.clone());
            for (host, address) in &overrides {
                builder = builder.resolve(host, *address);
            }
            builder.build().map_err(|error| OptionsError::Client(text::one_line(&innermost(&error))))
        };
        let http = client(options.connect_timeout)?;
        let guesses = endpoints.iter().any(|endpoint| endpoint.plain().is_some());
        let guessing = guesses.then(|| client(options.connect_timeout.mul_f32(0.5))).transpose()?;
        Ok(Self { http, guessing, options })
    }

    pub(crate) fn options(&self) -> &PoolOptions {
        &self.options
    }

    /// Posts to an endpoint and proves the answer. This is where it is found out by which way an endpoint that was written
    /// `http://` is to be asked: only a proven answer by https makes it one that is asked by https.
    pub(crate) async fn exchange<T>(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        prove: impl Fn(&[u8]) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let (Route::Undecided, Some(_)) = (endpoint.route(), endpoint.plain()) else {
            let answer = self.way(endpoint, None).by_route(body).await;
            return self.proven(endpoint, answer, Upgrade::Redirected, &prove).await;
        };
        let first_byte = self.options.first_byte_timeout.mul_f32(0.5);
        let way = Way { client: self.guessing.as_ref().unwrap_or(&self.http), ..self.way(endpoint, Some(first_byte)) };
        let tried = way.once(endpoint.https(), body.clone()).await;
        let by_https = match self.proven(endpoint, tried, Upgrade::Found, &prove).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let plain = self.way(endpoint, None).by_plain(body).await;
        let answer = self.proven(endpoint, plain, Upgrade::Redirected, &prove).await;
        if answer.is_ok() && endpoint.route() == Route::Undecided {
            endpoint.set_route(Route::Plain);
        }
        answer.map_err(|by_plain| worse(by_https, by_plain))
    }

    async fn proven<T>(
        &self,
        endpoint: &Endpoint,
        response: Result<Response, RpcError>,
        if_by_https: Upgrade,
        prove: &impl Fn(&[u8]) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let response = is_ok(response?)?;
        let by_https = response.url().scheme() == "https";
        let answer = prove(&self.body(response, endpoint).await?)?;
        if by_https && endpoint.plain().is_some() && (endpoint.route() != Route::Https || endpoint.upgrade().is_none())
        {
            endpoint.note_upgrade(if_by_https);
        }
        Ok(answer)
    }

    /// Posts to an endpoint. The answer has status 200; its body is still to be read. Its first byte may take `first_byte`,
    /// or else what the options say.
    pub(crate) async fn post(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        first_byte: Option<Duration>,
    ) -> Result<Response, RpcError> {
        is_ok(self.way(endpoint, first_byte).by_route(body).await?)
    }

    fn way<'a>(&'a self, endpoint: &'a Endpoint, first_byte: Option<Duration>) -> Way<'a> {
        let first_byte = first_byte.unwrap_or(self.options.first_byte_timeout);
        Way { transport: self, client: &self.http, endpoint, first_byte }
    }

    /// Reads all of an answer.
    pub(crate) async fn body(&self, mut response: Response, endpoint: &Endpoint) -> Result<Bytes, RpcError> {
        let limit = self.options.body_limit;
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(RpcError::TooLarge { limit });
        }
        let Some(first) = self.chunk(&mut response, endpoint).await? else { return Ok(Bytes::new()) };
        // Most answers come in one piece, which is then not copied.
        let Some(second) = self.chunk(&mut response, endpoint).await? else { return Ok(first) };
        let mut body = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(RpcError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
            next = self.chunk(&mut response, endpoint).await?;
        }
        Ok(body.freeze())
    }

    /// The next piece of an answer's body.
    pub(crate) async fn chunk(&self, response: &mut Response, endpoint: &Endpoint) -> Result<Option<Bytes>, RpcError> {
        response.chunk().await.map_err(|error| self.failure(&error, endpoint))
    }

    fn failure(&self, error: &reqwest::Error, endpoint: &Endpoint) -> RpcError {
        let what = text::one_line(&endpoint.scrub(&innermost(error)));
        if !error.is_connect() {
            return RpcError::Broken { what };
        }
        if error.is_timeout() {
            return RpcError::Timeout { phase: Phase::Connecting, after: self.options.connect_timeout };
        }
        match tls_fault(error) {
            Some(fault) => RpcError::Tls { fault, what },
            None if is_lookup(error) => RpcError::Dns { what },
            None => RpcError::NotReachable { what },
        }
    }
}

/// The way to an endpoint, for one request.
#[derive(Clone, Copy)]
struct Way<'a> {
    transport: &'a Transport,
    client: &'a reqwest::Client,
    endpoint: &'a Endpoint,
    first_byte: Duration,
}

impl Way<'_> {
    async fn by_route(&self, body: Bytes) -> Result<Response, RpcError> {
        let known_https = self.endpoint.upgrade().is_some();
        match (self.endpoint.route(), self.endpoint.plain()) {
            // While it is found out anew, what was known holds.
            (Route::Plain, _) | (Route::Undecided, Some(_)) if !known_https => return self.by_plain(body).await,
            _ => {}
        }
        let answer = self.once(self.endpoint.https(), body).await;
        // Where plain HTTP may be used, TLS that is gone is no reason to be blind: the next exchange tries both.
        if self.endpoint.plain().is_some() && answer.as_ref().is_err_and(|error| error.sent() == Sent::No) {
            self.endpoint.set_route(Route::Undecided);
        }
        answer
    }

    /// By plain HTTP, and once more by https if that is where it leads.
    async fn by_plain(&self, body: Bytes) -> Result<Response, RpcError> {
        let plain = self.endpoint.plain().unwrap_or(self.endpoint.https());
        let answer = self.once(plain, body.clone()).await?;
        if !answer.status().is_redirection() {
            return Ok(answer);
        }
        let Redirect::ToHttps(to) = judge(plain, &answer) else { return Ok(answer) };
        self.once(&to, body).await
    }

    async fn once(&self, url: &Url, body: Bytes) -> Result<Response, RpcError> {
        let json = HeaderValue::from_static("application/json");
        // A body of known length: hived takes a chunked one for empty.
        let request = self.client.post(url.clone()).header(CONTENT_TYPE, json).body(body);
        let after = self.first_byte;
        let patience = self.transport.options.connect_timeout.saturating_add(after);
        match tokio::time::timeout(patience, request.send()).await {
            Ok(answer) => answer.map_err(|error| self.transport.failure(&error, self.endpoint)),
            Err(_) => Err(RpcError::Timeout { phase: Phase::FirstByte, after }),
        }
    }
}

/// Which of two errors to go by, where both ways failed: that it may have arrived, by either; that it wants to be left
/// alone; that the certificate is what is wrong.
fn worse(by_https: RpcError, by_plain: RpcError) -> RpcError {
    let certificate = matches!(&by_https, RpcError::Tls { fault, .. } if *fault != TlsFault::Handshake);
    let throttled = matches!(&by_https, RpcError::Http { retry_after: Some(_), .. });
    match (by_https.sent(), by_plain.sent()) {
        _ if throttled => by_https,
        (_, Sent::Maybe) => by_plain,
        (Sent::Maybe, Sent::No) => by_https,
        (Sent::No, Sent::No) if certificate => by_https,
        (Sent::No, Sent::No) => by_plain,
    }
}

/// An answer with status 200, or what the status means.
fn is_ok(response: Response) -> Result<Response, RpcError> {
    let status = response.status();
    if status.is_redirection() {
        let fault = match judge(response.url(), &response) {
            Redirect::Refused(fault) => fault,
            // From http to https, and there again: whoever sends in circles is not asked a third time.
            Redirect::ToHttps(_) => RedirectFault::Loop,
        };
        return Err(RpcError::Redirect { status: status.as_u16(), fault });
    }
    if status != StatusCode::OK {
        return Err(RpcError::Http { status: status.as_u16(), retry_after: wait(response.headers()) });
    }
    Ok(response)
}

fn judge(from: &Url, response: &Response) -> Redirect {
    Redirect::judge(from, response.status().as_u16(), text_of(response.headers(), &LOCATION))
}

fn wait(headers: &HeaderMap) -> Option<Duration> {
    retry_after(text_of(headers, &RETRY_AFTER)?, text_of(headers, &DATE), Clock.now())
}

fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The text of the cause at the bottom; those above it repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else { return "no cause given".to_owned() };
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn std::error::Error + 'static)| (**cause).source())
}

fn tls_fault(error: &reqwest::Error) -> Option<TlsFault> {
    causes(error).find_map(|cause| {
        // An `io::Error` hides the error it was made of from `source`, and there may be several around each other.
        let mut inside = cause;
        while let Some(inner) = inside.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
            inside = inner;
        }
        Some(match inside.downcast_ref::<rustls::Error>()? {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    TlsFault::WrongName
                }
                CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
                _ => TlsFault::Certificate,
            },
            _ => TlsFault::Handshake,
        })
    })
}

/// hyper-util's connector names the step that failed in its message, and nowhere else.
fn is_lookup(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.to_string() == "dns error")
}
