//! The HTTP client for endpoints: one POST at a time, with limits on everything.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Response, redirect};

use crate::clock::Uptime;
use crate::endpoint::{Endpoint, SchemeChoice, Upgrade};
use crate::error::{RpcError, Sent, TlsFault};
use crate::options::{OptionsError, PoolOptions};
use crate::text;
use crate::transport::answer_date::AnswerDate;
use crate::transport::attempt::Attempt;
use crate::transport::connections::Connections;
use crate::transport::failure::{failure, innermost};
use crate::transport::status::is_ok;

/// The shared HTTP client.
#[derive(Debug)]
pub(crate) struct Transport {
    connections: Connections,
    /// For finding out whether a server speaks TLS: one that does not may wait for the rest of the handshake for ever.
    /// `None` unless some endpoint may be asked by either scheme.
    guessing: Option<reqwest::Client>,
    options: PoolOptions,
}

impl Transport {
    /// A transport for these endpoints and any whose name DNS resolves.
    pub(crate) fn new<'a>(
        options: PoolOptions,
        endpoints: impl Iterator<Item = &'a Endpoint>,
    ) -> Result<Self, OptionsError> {
        options.check()?;
        // reqwest asks rustls for the process's provider; one that is installed already stays.
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
        let client = |connect_timeout: Duration, keep: usize| {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("dogwatch/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .connect_timeout(connect_timeout)
                .pool_max_idle_per_host(keep)
                // A proxy configured for browsers would see every token and could answer instead of the node.
                .no_proxy()
                .referer(false)
                // If a router forgets the connection, nothing comes back: HTTP/2 would go on using it.
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
        let (kept, own) = (client(options.connect_timeout, usize::MAX)?, client(options.connect_timeout, 0)?);
        // Polls and reads are given up sooner than the total timeout: that must count as no answer, too.
        let connections = Connections::new(kept, own, options.total_timeout.mul_f32(1.0 / 3.0));
        let guesses = endpoints.iter().any(|endpoint| endpoint.plain().is_some());
        let guessing = guesses.then(|| client(options.connect_timeout.mul_f32(0.5), usize::MAX)).transpose()?;
        Ok(Self { connections, guessing, options })
    }

    pub(crate) fn options(&self) -> &PoolOptions {
        &self.options
    }

    /// Posts to an endpoint and proves the answer, which comes with its date. This also finds out the scheme of an endpoint
    /// that was written `http://`: only a proven answer by https upgrades it.
    pub(crate) async fn exchange<T>(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        prove: impl Fn(&[u8]) -> Result<T, RpcError>,
    ) -> Result<(T, Option<AnswerDate>), RpcError> {
        let asked = self.options.clock.uptime();
        let (SchemeChoice::Undecided, Some(_)) = (endpoint.scheme(), endpoint.plain()) else {
            let answer = self.attempt(endpoint, None).by_chosen_scheme(body).await;
            return self.proven(endpoint, asked, answer, Upgrade::Redirected, &prove).await;
        };
        let first_byte = self.options.first_byte_timeout.mul_f32(0.5);
        let way = Attempt { guessing: self.guessing.as_ref(), ..self.attempt(endpoint, Some(first_byte)) };
        let tried = way.once(endpoint.https(), body.clone()).await;
        let by_https = match self.proven(endpoint, asked, tried, Upgrade::Found, &prove).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let asked = self.options.clock.uptime();
        let plain = self.attempt(endpoint, None).by_plain(body).await;
        let answer = self.proven(endpoint, asked, plain, Upgrade::Redirected, &prove).await;
        if answer.is_ok() && endpoint.scheme() == SchemeChoice::Undecided {
            endpoint.choose_scheme(SchemeChoice::Plain);
        }
        answer.map_err(|by_plain| worse(by_https, by_plain))
    }

    async fn proven<T>(
        &self,
        endpoint: &Endpoint,
        asked: Uptime,
        response: Result<Response, RpcError>,
        if_by_https: Upgrade,
        prove: &impl Fn(&[u8]) -> Result<T, RpcError>,
    ) -> Result<(T, Option<AnswerDate>), RpcError> {
        let received = self.options.clock.uptime();
        let response = is_ok(response?, self.options.clock)?;
        let date = AnswerDate::read(response.headers(), asked, received);
        let by_https = response.url().scheme() == "https";
        let answer = prove(&self.body(response, endpoint).await?)?;
        if by_https
            && endpoint.plain().is_some()
            && (endpoint.scheme() != SchemeChoice::Https || endpoint.upgrade().is_none())
        {
            endpoint.note_upgrade(if_by_https);
        }
        Ok((answer, date))
    }

    /// Posts to an endpoint. The answer has status 200; its body is not read yet. `first_byte` overrides the option.
    pub(crate) async fn post(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        first_byte: Option<Duration>,
    ) -> Result<Response, RpcError> {
        is_ok(self.attempt(endpoint, first_byte).by_chosen_scheme(body).await?, self.options.clock)
    }

    fn attempt<'a>(&'a self, endpoint: &'a Endpoint, first_byte: Option<Duration>) -> Attempt<'a> {
        let first_byte = first_byte.unwrap_or(self.options.first_byte_timeout);
        let (connections, connect) = (&self.connections, self.options.connect_timeout);
        Attempt { connections, guessing: None, endpoint, connect, first_byte }
    }

    /// Reads all of an answer.
    pub(crate) async fn body(&self, mut response: Response, endpoint: &Endpoint) -> Result<Bytes, RpcError> {
        let limit = self.options.body_limit;
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(RpcError::TooLarge { limit });
        }
        let Some(first) = self.chunk(&mut response, endpoint).await? else { return Ok(Bytes::new()) };
        // Most answers come in one piece, which is not copied.
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
        response.chunk().await.map_err(|error| failure(&error, endpoint, self.options.connect_timeout))
    }
}

/// The error to report if both schemes failed: a throttle first, then that the request may have arrived, then a bad
/// certificate.
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
