//! What an endpoint is called, and its place in the configuration.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::text;

/// An endpoint's place in the configuration, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointIndex(pub usize);

/// What an endpoint is called in logs, alerts and metrics: its URL, without scheme and secrets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointName(Arc<str>);

impl EndpointName {
    pub(super) fn of(url: &Url) -> Self {
        Self(shown_without_scheme(url).into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with a number, for endpoints that differ only in their secrets.
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

/// A URL without its scheme and its secrets.
pub(super) fn shown_without_scheme(url: &Url) -> String {
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
