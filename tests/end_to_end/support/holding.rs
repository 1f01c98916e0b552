//! Endpoints in front of others: one that holds requests for blocks and headers for ever, and one that counts requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

#[derive(Debug)]
pub(crate) struct Holding {
    pub(crate) url: String,
    _task: JoinSet<()>,
}

impl Holding {
    pub(crate) async fn before(upstream: &str) -> Self {
        dogwatch::install_tls_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = (reqwest::Client::new(), upstream.to_owned());
        let router = Router::new().route("/", post(pass)).with_state(state);
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, _task: task }
    }
}

async fn pass(State((client, upstream)): State<(reqwest::Client, String)>, body: Bytes) -> Bytes {
    if String::from_utf8_lossy(&body).contains("get_block") {
        return std::future::pending().await;
    }
    client.post(upstream).body(body).send().await.unwrap().bytes().await.unwrap()
}

/// Passes every request on and counts it.
#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) url: String,
    count: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl Counting {
    pub(crate) async fn before(upstream: &str) -> Self {
        dogwatch::install_tls_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let (client, upstream, counter) = (reqwest::Client::new(), upstream.to_owned(), Arc::clone(&count));
        let router = Router::new().route(
            "/",
            post(async move |body: Bytes| {
                counter.fetch_add(1, Ordering::SeqCst);
                client.post(upstream).body(body).send().await.unwrap().bytes().await.unwrap()
            }),
        );
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, count, _task: task }
    }

    pub(crate) fn requests(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}
