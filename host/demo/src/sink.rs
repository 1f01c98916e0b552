//! The receiver of alerts, in the place of an on-call service.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// An alert as the webhook sends it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Received {
    pub(super) key: String,
    pub(super) event: String,
    pub(super) severity: String,
    pub(super) summary: String,
    pub(super) at_ms: i64,
}

type ReceivedAlerts = Arc<Mutex<Vec<Received>>>;

#[derive(Debug)]
pub(super) struct Sink {
    address: SocketAddr,
    received: ReceivedAlerts,
    _task: JoinSet<()>,
}

impl Sink {
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let received = ReceivedAlerts::default();
        let router = Router::new().route("/alert", post(take)).with_state(Arc::clone(&received));
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, received, _task: task })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/alert", self.address)
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn take(State(received): State<ReceivedAlerts>, Json(alert): Json<Received>) {
    received.lock().unwrap_or_else(PoisonError::into_inner).push(alert);
}
