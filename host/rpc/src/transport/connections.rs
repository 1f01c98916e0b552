//! Which connection a request takes: one that is kept open, or one of its own where a kept one swallowed a request.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

/// For how long the requests to a server whose kept connections are suspect get connections of their own.
const SUSPECT_FOR: Duration = Duration::from_mins(10);

/// The connections to all endpoints.
#[derive(Debug)]
pub(super) struct Connections {
    kept: reqwest::Client,
    /// Opens a connection for each request.
    own: reqwest::Client,
    /// A request that was waited for at least this long without an answer makes its connection suspect.
    patience: Duration,
    /// Servers with suspect connections, by host and port, until when.
    suspect: Mutex<BTreeMap<String, Instant>>,
}

impl Connections {
    pub(super) fn new(kept: reqwest::Client, own: reqwest::Client, patience: Duration) -> Self {
        Self { kept, own, patience, suspect: Mutex::default() }
    }

    /// The client for a request to this URL, and the watch over it.
    ///
    /// A middlebox that has forgotten a connection, or a proxy whose half of it hangs, takes requests and answers none. All
    /// connections to that server may be like this, so a request without an answer gives up all of them.
    pub(super) fn take(&self, url: &Url) -> (&reqwest::Client, Unanswered<'_>) {
        let server = server(url);
        let now = Instant::now();
        let suspect = self.suspect.lock().unwrap_or_else(PoisonError::into_inner);
        let client = if suspect.get(&server).is_some_and(|until| now < *until) { &self.own } else { &self.kept };
        let watched = std::ptr::eq(client, &self.kept).then_some(server);
        (client, Unanswered { connections: self, server: watched, since: now })
    }
}

/// Host and port, and nothing of the path, which may hold a token.
fn server(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// A request on a kept connection. Dropped before it is answered, it makes that server's connections suspect, whoever gave it
/// up.
pub(super) struct Unanswered<'a> {
    connections: &'a Connections,
    server: Option<String>,
    since: Instant,
}

impl Unanswered<'_> {
    /// The answer has begun, or the connection has broken: then it is not used again anyway.
    pub(super) fn over(mut self) {
        self.server = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let Some(server) = self.server.take() else { return };
        let now = Instant::now();
        if let Some(until) = now.checked_add(SUSPECT_FOR)
            && now.saturating_duration_since(self.since) >= self.connections.patience
        {
            tracing::debug!(server, "a request was not answered: the next ones get connections of their own");
            self.connections.suspect.lock().unwrap_or_else(PoisonError::into_inner).insert(server, until);
        }
    }
}
