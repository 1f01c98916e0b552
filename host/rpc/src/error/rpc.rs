//! Why an endpoint's answer cannot be used.

use std::borrow::Cow;
use std::time::Duration;

use dogwatch_chain::ChainId;

use crate::error::node::NodeError;
use crate::error::phase::RequestPhase;
use crate::error::redirect::RedirectFault;
use crate::error::tls::TlsFault;

/// Why an endpoint's answer cannot be used. The endpoint is named beside the error.
///
/// No message contains a part of the URL, or more than a line of an answer's body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The name cannot be resolved; nothing was sent.
    #[error("cannot resolve its name: {what}; check the name and this machine's DNS")]
    Dns {
        /// What the resolver said.
        what: String,
    },
    /// No connection; nothing was sent.
    #[error("not reachable: {what}; check the address and the network")]
    NotReachable {
        /// What the network said.
        what: String,
    },
    /// Its machine refused the connection; nothing was sent.
    #[error("not reachable: {what}; check the address and the network")]
    Refused {
        /// What the network said.
        what: String,
    },
    /// The TLS handshake failed; nothing was sent.
    #[error("TLS failed: {what}; {}", fault.remedy())]
    Tls {
        /// The kind of fault.
        fault: TlsFault,
        /// What the TLS library said.
        what: String,
    },
    /// Too slow.
    #[error("{phase} took longer than {after:?}")]
    Timeout {
        /// The part that took too long.
        phase: RequestPhase,
        /// How long it was waited for.
        after: Duration,
    },
    /// An established connection broke; the request may have arrived.
    #[error("the connection broke: {what}")]
    Broken {
        /// What the network said.
        what: String,
    },
    /// An HTTP status other than 200.
    #[error("HTTP status {status}{}", status_hint(*.status, *.retry_after))]
    Http {
        /// The status.
        status: u16,
        /// The pause that the endpoint asks for with `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// A redirect that is not followed. The only one followed is from `http` to `https` at the same place, with the POST
    /// repeated unchanged; any other could lead anywhere.
    #[error("redirect ({status}) not followed: {fault}; if you trust the target, configure its URL as the endpoint")]
    Redirect {
        /// The status.
        status: u16,
        /// Why it is not followed.
        fault: RedirectFault,
    },
    /// The answer is not JSON.
    #[error("the answer is not JSON ({what}): this may be a web page, not a JSON-RPC endpoint")]
    NotJson {
        /// Where it stops being JSON, or how long it is.
        what: String,
    },
    /// JSON, but not JSON-RPC 2.0.
    #[error("the answer is not JSON-RPC 2.0: {what}")]
    NotJsonRpc {
        /// What is missing or wrong.
        what: &'static str,
    },
    /// The answer to another request: a cache or proxy mixes up answers.
    #[error("the answer carries another request's id: a cache or proxy mixes up answers")]
    WrongId,
    /// The answer is larger than the limit.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A result that is not what the method returns.
    #[error("{method}: {what}")]
    WrongShape {
        /// The method.
        method: Cow<'static, str>,
        /// What is wrong.
        what: String,
    },
    /// The node understood and refused.
    #[error("{0}")]
    Node(NodeError),
    /// The node is on another chain.
    #[error("wrong chain: expected id {expected}, found {found}; remove the endpoint or fix the configured chain")]
    WrongChain {
        /// The profile's chain id.
        expected: ChainId,
        /// The node's chain id.
        found: ChainId,
    },
    /// The node does not report its chain id.
    #[error("neither condenser_api.get_version nor get_config reports the chain id: the endpoint cannot be trusted")]
    ChainIdUnknown,
    /// The pool has no such endpoint.
    #[error("the pool has no endpoint number {0}")]
    NoSuchEndpoint(usize),
}

/// Whether a request may have reached the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It has not.
    No,
    /// It may have.
    Maybe,
}

impl RpcError {
    /// Whether the request may have reached the node, although no usable answer came.
    pub fn sent(&self) -> Sent {
        match self {
            Self::Dns { .. }
            | Self::NotReachable { .. }
            | Self::Refused { .. }
            | Self::Tls { .. }
            | Self::Timeout { phase: RequestPhase::Connecting, .. }
            | Self::Redirect { .. }
            // A gateway in front of the node answers these before it passes anything on.
            | Self::Http { status: 401 | 403 | 404 | 405 | 413 | 429, .. }
            | Self::WrongChain { .. }
            | Self::ChainIdUnknown
            | Self::NoSuchEndpoint(_) => Sent::No,
            Self::Timeout { phase: RequestPhase::FirstByte | RequestPhase::Answering, .. }
            | Self::Broken { .. }
            | Self::Http { .. }
            | Self::NotJson { .. }
            | Self::NotJsonRpc { .. }
            | Self::WrongId
            | Self::TooLarge { .. }
            | Self::WrongShape { .. }
            | Self::Node(_) => Sent::Maybe,
        }
    }

    /// Whether the error is about one method only, and says nothing about the endpoint's others.
    pub(crate) fn is_of_method(&self) -> bool {
        let slow = |phase| matches!(phase, RequestPhase::FirstByte | RequestPhase::Answering);
        match self {
            Self::WrongShape { .. } | Self::Node(_) | Self::TooLarge { .. } => true,
            Self::Timeout { phase, .. } => slow(*phase),
            _ => false,
        }
    }

    pub(crate) fn shape(method: impl Into<Cow<'static, str>>, what: impl Into<Cow<'static, str>>) -> Self {
        Self::WrongShape { method: method.into(), what: crate::text::one_line(&what.into()) }
    }
}

fn status_hint(status: u16, retry_after: Option<Duration>) -> String {
    let hint = match status {
        401 | 403 => ": the endpoint requires credentials that this machine lacks",
        404 | 405 => ": the path is not a JSON-RPC endpoint",
        429 => ": too many requests; use more endpoints or your own node",
        500..=599 => ": a fault on the provider's side",
        _ => "",
    };
    match retry_after {
        Some(wait) => format!("{hint}; it asks for a pause of {} s", wait.as_secs()),
        None => hint.to_owned(),
    }
}
