//! What can go wrong between Dogwatch and an endpoint.

use std::time::Duration;

use dogwatch_chain::ChainId;

use crate::refusal::NodeError;

/// Why an endpoint's answer cannot be used. Which endpoint it was stands beside it.
///
/// No message holds a part of the URL, nor an answer's body at length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// No connection: nothing was sent.
    #[error("not reachable: {what}; check the address and the network")]
    NotReachable {
        /// What the network said.
        what: String,
    },
    /// The TLS handshake failed: nothing was sent.
    #[error("TLS failed: {what}; check the host name, its certificate and this machine's clock")]
    Tls {
        /// What the TLS library said.
        what: String,
    },
    /// Too slow.
    #[error("{phase} took longer than {after:?}")]
    Timeout {
        /// What was waited for.
        phase: Phase,
        /// For how long.
        after: Duration,
    },
    /// The connection broke after it stood: the request may have arrived.
    #[error("the connection broke: {what}")]
    Broken {
        /// What the network said.
        what: String,
    },
    /// An HTTP status other than 200.
    #[error("HTTP status {status}{}", status_hint(*.status))]
    Http {
        /// The status.
        status: u16,
    },
    /// A redirect. It is never followed: most would turn a POST into a GET, and any could lead elsewhere.
    #[error(
        "redirect ({status}): {}",
        if *.to_https_same_host { "write https:// in the endpoint" } else { "it leads elsewhere; write the final URL in the endpoint, if you trust it" }
    )]
    Redirect {
        /// The status.
        status: u16,
        /// Whether it only leads from `http` to `https` on the same host.
        to_https_same_host: bool,
    },
    /// The answer is not JSON.
    #[error("the answer is not JSON ({what}): this may be a web page, not a JSON-RPC endpoint")]
    NotJson {
        /// Where it stops being JSON, and how long it is.
        what: String,
    },
    /// JSON, but not JSON-RPC 2.0.
    #[error("the answer is not JSON-RPC 2.0: {what}")]
    NotJsonRpc {
        /// What is missing or wrong.
        what: &'static str,
    },
    /// The answer to another request: a cache or proxy mixes them up.
    #[error("the answer bears another request's id: a cache or proxy mixes up answers")]
    WrongId,
    /// The answer is larger than is read.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A result that is not what the method returns.
    #[error("{method}: {what}")]
    WrongShape {
        /// The method.
        method: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The node understood and refused.
    #[error("{0}")]
    Node(NodeError),
    /// The node is on another chain.
    #[error("another chain: expected id {expected}, found {found}; take the endpoint out or correct the chain")]
    WrongChain {
        /// The profile's.
        expected: ChainId,
        /// The node's.
        found: ChainId,
    },
    /// The node does not tell which chain it is on.
    #[error("neither condenser_api.get_version nor get_config tells the chain id: the endpoint cannot be trusted")]
    ChainIdUnknown,
    /// The pool has no such endpoint.
    #[error("the pool has no endpoint number {0}")]
    NoSuchEndpoint(usize),
}

/// What an endpoint was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was sent yet.
    Connecting,
    /// The request may have arrived.
    Answering,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::Answering => "the answer",
        })
    }
}

/// Whether a request may have reached the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Surely not.
    No,
    /// It may have.
    Maybe,
}

impl RpcError {
    /// Whether the request may have reached the node, although no usable answer came.
    pub fn sent(&self) -> Sent {
        match self {
            Self::NotReachable { .. }
            | Self::Tls { .. }
            | Self::Timeout { phase: Phase::Connecting, .. }
            | Self::Redirect { .. }
            | Self::WrongChain { .. }
            | Self::ChainIdUnknown
            | Self::NoSuchEndpoint(_) => Sent::No,
            Self::Timeout { phase: Phase::Answering, .. }
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

    pub(crate) fn shape(method: &'static str, what: impl Into<String>) -> Self {
        Self::WrongShape { method, what: crate::text::one_line(&what.into()) }
    }
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": the endpoint wants a permission this machine lacks",
        404 | 405 => ": the path is not a JSON-RPC endpoint",
        429 => ": too many requests; use more endpoints or an own node",
        500..=599 => ": the provider's trouble",
        _ => "",
    }
}
