//! HTTP requests: admission, path, and body.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use tokio::time::Instant;

use crate::gateway::answer::{self, GatewayResponse};
use crate::gateway::body;
use crate::gateway::handle::Gateway;

impl Gateway {
    /// Answers an HTTP request. Every answer passes here, including those given before the body was read.
    pub(super) async fn respond(self, client: IpAddr, request: hyper::Request<Incoming>) -> GatewayResponse {
        let (head, mut body) = request.into_parts();
        let response = self.answer(client, &head, &mut body).await;
        body::drain_rest(body);
        response
    }

    async fn answer(&self, client: IpAddr, head: &Parts, body: &mut Incoming) -> GatewayResponse {
        let path = head.uri.path().trim_matches('/');
        let health = match path.strip_prefix("health") {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('/'),
            None => None,
        };
        match (&head.method, health) {
            (&Method::GET | &Method::HEAD, Some(chain)) => self.health(chain.trim_matches('/')),
            (&Method::POST, _) => self.post(client, path, body).await,
            (_, Some(_)) => answer::not_allowed("GET, HEAD"),
            (_, None) => answer::not_allowed("POST"),
        }
    }

    async fn post(&self, client: IpAddr, path: &str, body: &mut Incoming) -> GatewayResponse {
        let now = Instant::now();
        let until = now.checked_add(self.options().deadline).unwrap_or(now);
        let seat = self.inner.clients.request_seat(client, self.options().max_requests / 4);
        let Some(seat) = seat.filter(|_| self.inner.clients.admit(client, 1)) else {
            return answer::too_many(1);
        };
        let Some(chain) = self.chain_at(path) else {
            return answer::status(StatusCode::NOT_FOUND, "no such chain here");
        };
        let room = Arc::clone(&self.inner.room).acquire_owned();
        let Ok(Ok(room)) = tokio::time::timeout_at(until, room).await else {
            return answer::status(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once: try again");
        };
        match body::read(body, self.options().max_request).await {
            Err(error) => answer::status(error.status(), &error.to_string()),
            Ok(body) => {
                let response = self.rpc(client, chain, body, until).await;
                // The response takes memory until the client has read it.
                answer::holding(response, (seat, room))
            }
        }
    }
}
