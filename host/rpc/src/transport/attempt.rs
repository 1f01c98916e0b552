//! One request to an endpoint: by the scheme that is chosen, and where `http` leads to `https`, there.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use url::Url;

use crate::endpoint::{Endpoint, SchemeChoice};
use crate::error::{RequestPhase, RpcError, Sent};
use crate::transport::failure::failure;
use crate::transport::redirect::Redirect;
use crate::transport::status::judge_redirect;

/// Where one request goes, and how long it may take.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) client: &'a reqwest::Client,
    pub(super) endpoint: &'a Endpoint,
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
}

impl Attempt<'_> {
    /// Posts by the scheme that is chosen for the endpoint.
    pub(super) async fn by_chosen_scheme(&self, body: Bytes) -> Result<Response, RpcError> {
        let known_https = self.endpoint.upgrade().is_some();
        match (self.endpoint.scheme(), self.endpoint.plain()) {
            // While it is found out anew, what was known holds.
            (SchemeChoice::Plain, _) | (SchemeChoice::Undecided, Some(_)) if !known_https => {
                return self.by_plain(body).await;
            }
            _ => {}
        }
        let answer = self.once(self.endpoint.https(), body).await;
        // Where plain HTTP may be used, TLS that is gone is no reason to be blind: the next exchange tries both.
        if self.endpoint.plain().is_some() && answer.as_ref().is_err_and(|error| error.sent() == Sent::No) {
            self.endpoint.choose_scheme(SchemeChoice::Undecided);
        }
        answer
    }

    /// By plain HTTP, and once more by https if that is where it leads.
    pub(super) async fn by_plain(&self, body: Bytes) -> Result<Response, RpcError> {
        let plain = self.endpoint.plain().unwrap_or(self.endpoint.https());
        let answer = self.once(plain, body.clone()).await?;
        if !answer.status().is_redirection() {
            return Ok(answer);
        }
        let Redirect::ToHttps(to) = judge_redirect(plain, &answer) else { return Ok(answer) };
        self.once(&to, body).await
    }

    /// Posts to this URL, and follows no redirect.
    pub(super) async fn once(&self, url: &Url, body: Bytes) -> Result<Response, RpcError> {
        let json = HeaderValue::from_static("application/json");
        // A body of known length: hived takes a chunked one for empty.
        let request = self.client.post(url.clone()).header(CONTENT_TYPE, json).body(body);
        let after = self.first_byte;
        let patience = self.connect.saturating_add(after);
        match tokio::time::timeout(patience, request.send()).await {
            Ok(answer) => answer.map_err(|error| failure(&error, self.endpoint, self.connect)),
            Err(_) => Err(RpcError::Timeout { phase: RequestPhase::FirstByte, after }),
        }
    }
}
