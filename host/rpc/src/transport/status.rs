//! What the HTTP status of an answer means.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use url::Url;

use crate::clock::Clock;
use crate::error::{RedirectFault, RpcError};
use crate::transport::redirect::Redirect;
use crate::transport::retry_after::retry_after;

/// Passes an answer with status 200; otherwise says what the status means.
pub(super) fn is_ok(response: Response) -> Result<Response, RpcError> {
    let status = response.status();
    if status.is_redirection() {
        let fault = match judge_redirect(response.url(), &response) {
            Redirect::Refused(fault) => fault,
            // From http to https, and redirected again: a server that redirects in circles is not asked a third time.
            Redirect::ToHttps(_) => RedirectFault::Loop,
        };
        return Err(RpcError::Redirect { status: status.as_u16(), fault });
    }
    if status != StatusCode::OK {
        return Err(RpcError::Http { status: status.as_u16(), retry_after: wait(response.headers()) });
    }
    Ok(response)
}

pub(super) fn judge_redirect(from: &Url, response: &Response) -> Redirect {
    Redirect::judge(from, response.status().as_u16(), text_of(response.headers(), &LOCATION))
}

fn wait(headers: &HeaderMap) -> Option<Duration> {
    retry_after(text_of(headers, &RETRY_AFTER)?, text_of(headers, &DATE), Clock.now())
}

fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
