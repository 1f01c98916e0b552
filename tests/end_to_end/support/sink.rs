//! A receiver of webhooks that refuses on command.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Inner {
    received: Vec<Received>,
    refusals: VecDeque<u16>,
}

#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: String,
    inner: Arc<Mutex<Inner>>,
    _task: JoinSet<()>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new().route("/hook", post(take)).with_state(Arc::clone(&inner));
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, inner, _task: task }
    }

    /// Answers the next requests with these statuses and drops them.
    pub(crate) fn refuse(&self, statuses: impl IntoIterator<Item = u16>) {
        self.inner.lock().unwrap().refusals.extend(statuses);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inner.lock().unwrap().received.clone()
    }

    /// The messages with this event about alerts whose key ends like this.
    pub(crate) fn alerts(&self, key_end: &str, event: &str) -> Vec<Received> {
        let wanted = |alert: &Received| alert.text("key").ends_with(key_end) && alert.text("event") == event;
        self.received().into_iter().filter(wanted).collect()
    }

    pub(crate) fn has(&self, key_end: &str, event: &str) -> bool {
        !self.alerts(key_end, event).is_empty()
    }
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    let mut inner = inner.lock().unwrap();
    if let Some(status) = inner.refusals.pop_front() {
        return StatusCode::from_u16(status).unwrap();
    }
    inner.received.push(Received { headers, body });
    StatusCode::NO_CONTENT
}
