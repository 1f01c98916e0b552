//! What the gateway answers with.

use bytes::{BufMut as _, Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::StatusCode;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde_json::json;

use crate::error::RpcError;

pub(super) type Body = UnsyncBoxBody<Bytes, RpcError>;
pub(super) type GatewayResponse = hyper::Response<Body>;

/// The reply to a call.
pub(super) enum CallReply {
    /// The whole reply.
    Whole(Bytes),
    /// Streamed from the endpoint.
    Streamed(Body),
}

impl CallReply {
    /// A JSON-RPC error of the gateway's own.
    pub(super) fn error(id: Option<&str>, code: i32, message: &str) -> Self {
        let error = json!({ "code": code, "message": message }).to_string();
        Self::made("error", &error, id)
    }

    /// A result known to the gateway.
    pub(super) fn result(id: Option<&str>, result: &str) -> Self {
        Self::made("result", result, id)
    }

    fn made(member: &str, value: &str, id: Option<&str>) -> Self {
        let id = id.unwrap_or("null");
        Self::Whole(format!("{{\"jsonrpc\":\"2.0\",\"{member}\":{value},\"id\":{id}}}").into())
    }

    /// Its length in bytes; 0 for a streamed one.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(body) => body.len(),
            Self::Streamed(_) => 0,
        }
    }

    /// The reply to a batch.
    pub(super) fn joined(answers: Vec<Self>) -> Self {
        let mut all = BytesMut::new();
        all.put_u8(b'[');
        for (index, answer) in answers.into_iter().enumerate() {
            if index > 0 {
                all.put_u8(b',');
            }
            match answer {
                Self::Whole(answer) => all.put(answer),
                // Calls of a batch are read whole, so none is streamed.
                Self::Streamed(_) => all.put(&b"null"[..]),
            }
        }
        all.put_u8(b']');
        Self::Whole(all.freeze())
    }

    pub(super) fn into_response(self, status: StatusCode) -> GatewayResponse {
        let body = match self {
            Self::Whole(body) => whole(body),
            Self::Streamed(body) => body,
        };
        respond(status, body)
    }
}

fn respond(status: StatusCode, body: Body) -> GatewayResponse {
    let mut response = hyper::Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}

/// The same response, holding `held` until the client has read it or is gone.
pub(super) fn holding<T: Send + 'static>(response: GatewayResponse, held: T) -> GatewayResponse {
    response.map(|body| {
        body.map_frame(move |frame| {
            let _ = &held;
            frame
        })
        .boxed_unsync()
    })
}

/// An HTTP status for a request that is not JSON-RPC, with the reason.
pub(super) fn status(status: StatusCode, why: &str) -> GatewayResponse {
    respond(status, whole(json!({ "error": why }).to_string().into()))
}

/// A JSON document.
pub(super) fn document(status: StatusCode, document: &serde_json::Value) -> GatewayResponse {
    respond(status, whole(document.to_string().into()))
}

/// The refusal of a wrong HTTP method.
pub(super) fn not_allowed(methods: &'static str) -> GatewayResponse {
    let mut response = status(StatusCode::METHOD_NOT_ALLOWED, "send JSON-RPC by POST; GET /health reports the health");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// The refusal of too many calls.
pub(super) fn too_many(seconds: u16) -> GatewayResponse {
    let reply = CallReply::error(None, -32005, "too many calls: slow down");
    let mut response = reply.into_response(StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
