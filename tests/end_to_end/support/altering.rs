//! An endpoint in front of another one that gives answers of its own to some requests, and alters others.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// The endpoint behind answers.
    Pass,
    /// It never gets there: this is the answer.
    Own(u16, String),
    /// It never gets there: the connection is closed in the middle of the answer.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Altering {
    pub(crate) url: String,
    _task: JoinSet<()>,
}

impl Altering {
    pub(crate) async fn before(
        upstream: &str,
        fate: impl Fn(&str) -> Fate + Send + Sync + 'static,
        alter: impl Fn(Bytes) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        dogwatch::install_tls_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (client, upstream, rules) = (reqwest::Client::new(), upstream.to_owned(), Arc::new((fate, alter)));
        let handler = async move |body: Bytes| -> Response {
            let (fate, alter) = &*rules;
            match fate(&String::from_utf8_lossy(&body)) {
                Fate::Pass => {
                    alter(client.post(upstream).body(body).send().await.unwrap().bytes().await.unwrap()).into_response()
                }
                Fate::Own(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
                Fate::Cut => {
                    let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                    Body::from_stream(stream::iter([Ok("{"), Err(cut)])).into_response()
                }
            }
        };
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, Router::new().route("/", post(handler))).await.unwrap() });
        Self { url, _task: task }
    }

    /// One before each of these endpoints, all with the same rules.
    pub(crate) async fn before_each<F, A>(upstreams: &[String], fate: F, alter: A) -> Vec<Self>
    where
        F: Fn(&str) -> Fate + Clone + Send + Sync + 'static,
        A: Fn(Bytes) -> Vec<u8> + Clone + Send + Sync + 'static,
    {
        let mut fronts = Vec::new();
        for upstream in upstreams {
            fronts.push(Self::before(upstream, fate.clone(), alter.clone()).await);
        }
        fronts
    }
}
