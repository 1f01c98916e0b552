//! The redirect from plain HTTP to https.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{HOST, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, Response, StatusCode};

/// The redirect of a request to the same host and path by https, at this port.
pub(super) fn to_https(request: &Parts, port: u16) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    let host = request.uri.authority().cloned().or_else(|| {
        let host = request.headers.get(HOST)?.to_str().ok()?;
        host.parse::<Authority>().ok()
    });
    let host = host.as_ref().map(Authority::host).filter(|host| !host.is_empty());
    let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
    let location = host.and_then(|host| {
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        HeaderValue::from_str(&format!("https://{host}{port}{path}")).ok()
    });
    match location {
        Some(location) => {
            // On 301 a client may turn a POST into a GET; on 308 it must not.
            *response.status_mut() = match request.method {
                Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
                _ => StatusCode::PERMANENT_REDIRECT,
            };
            response.headers_mut().insert(LOCATION, location);
        }
        None => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}
