//! One request to an endpoint, by its chosen scheme; a redirect from `http` to `https` is followed.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use url::Url;

use crate::endpoint::{Endpoint, SchemeChoice};
use crate::error::{RequestPhase, RpcError, Sent};
use crate::transport::connections::Connections;
use crate::transport::failure::failure;
use crate::transport::redirect::Redirect;
use crate::transport::status::judge_redirect;

/// One request: its endpoint and its timeouts.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) connections: &'a Connections,
    /// For a guess at the scheme: the client that makes it.
    pub(super) guessing: Option<&'a reqwest::Client>,
    pub(super) endpoint: &'a Endpoint,
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
}

impl Attempt<'_> {
    /// Posts by the scheme chosen for the endpoint.
    pub(super) async fn by_chosen_scheme(&self, body: Bytes) -> Result<Response, RpcError> {
        let known_https = self.endpoint.upgrade().is_some();
        match (self.endpoint.scheme(), self.endpoint.plain()) {
            // While the scheme is found out again, the known one holds.
            (SchemeChoice::Plain, _) | (SchemeChoice::Undecided, Some(_)) if !known_https => {
                return self.by_plain(body).await;
            }
            _ => {}
        }
        let answer = self.once(self.endpoint.https(), body).await;
        // If plain HTTP is allowed, lost TLS is no reason to be blind: the next exchange tries both.
        if self.endpoint.plain().is_some() && answer.as_ref().is_err_and(|error| error.sent() == Sent::No) {
            self.endpoint.choose_scheme(SchemeChoice::Undecided);
        }
        answer
    }

    /// Posts by plain HTTP, and again by https if it redirects there.
    pub(super) async fn by_plain(&self, body: Bytes) -> Result<Response, RpcError> {
        let plain = self.endpoint.plain().unwrap_or(self.endpoint.https());
        let answer = self.once(plain, body.clone()).await?;
        if !answer.status().is_redirection() {
            return Ok(answer);
        }
        let Redirect::ToHttps(to) = judge_redirect(plain, &answer) else { return Ok(answer) };
        self.once(&to, body).await
    }

    /// Posts to this URL; follows no redirect.
    pub(super) async fn once(&self, url: &Url, body: Bytes) -> Result<Response, RpcError> {
        let json = HeaderValue::from_static("application/json");
        // The body has a known length: hived takes a chunked one for empty.
        let (client, unanswered) = match self.guessing {
            // A server that does not speak the scheme need not answer.
            Some(client) => (client, None),
            None => {
                let (client, unanswered) = self.connections.take(url);
                (client, Some(unanswered))
            }
        };
        let request = client.post(url.clone()).header(CONTENT_TYPE, json).body(body);
        let after = self.first_byte;
        let patience = self.connect.saturating_add(after);
        match tokio::time::timeout(patience, request.send()).await {
            Ok(answer) => {
                if let Some(unanswered) = unanswered {
                    unanswered.over();
                }
                answer.map_err(|error| failure(&error, self.endpoint, self.connect))
            }
            Err(_) => Err(RpcError::Timeout { phase: RequestPhase::FirstByte, after }),
        }
    }
}
