//! Why an endpoint's answer cannot be used.

use std::borrow::Cow;
use std::time::Duration;

use dogwatch_chain::ChainId;

use crate::error::node::NodeError;
use crate::error::phase::RequestPhase;
use crate::error::redirect::RedirectFault;
use crate::error::tls::TlsFault;

/// Why an endpoint's answer cannot be used. Which endpoint it was stands beside it.
///
/// No message holds a part of the URL, nor an answer's body at length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The name cannot be looked up: nothing was sent.
    #[error("its name cannot be looked up: {what}; check the name and this machine's DNS")]
    Dns {
        /// What the resolver said.
        what: String,
    },
    /// No connection: nothing was sent.
    #[error("not reachable: {what}; check the address and the network")]
    NotReachable {
        /// What the network said.
        what: String,
    },
    /// The TLS handshake failed: nothing was sent.
    #[error("TLS failed: {what}; {}", fault.remedy())]
    Tls {
        /// What is wrong with it.
        fault: TlsFault,
        /// What the TLS library said.
        what: String,
    },
    /// Too slow.
    #[error("{phase} took longer than {after:?}")]
    Timeout {
        /// What was waited for.
        phase: RequestPhase,
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
    #[error("HTTP status {status}{}", status_hint(*.status, *.retry_after))]
    Http {
        /// The status.
        status: u16,
        /// For how long the endpoint wants to be left alone, if it says so.
        retry_after: Option<Duration>,
    },
    /// A redirect that is not followed. Only one from `http` to `https` at the very same place is, with the POST sent
    /// again as it was; any other could lead anywhere.
    #[error("redirect ({status}): {fault}; write the final URL in the endpoint, if you trust it")]
    Redirect {
        /// The status.
        status: u16,
        /// Why it is not followed.
        fault: RedirectFault,
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
        method: Cow<'static, str>,
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
            Self::Dns { .. }
            | Self::NotReachable { .. }
            | Self::Tls { .. }
            | Self::Timeout { phase: RequestPhase::Connecting, .. }
            | Self::Redirect { .. }
            // Answered by a gateway in front of the node, before it passed anything on.
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

    /// Whether it says something about one method alone, and nothing about the endpoint's others.
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
        401 | 403 => ": the endpoint wants a permission this machine lacks",
        404 | 405 => ": the path is not a JSON-RPC endpoint",
        429 => ": too many requests; use more endpoints or an own node",
        500..=599 => ": the provider's trouble",
        _ => "",
    };
    match retry_after {
        Some(wait) => format!("{hint}; it wants to be left alone for {} s", wait.as_secs()),
        None => hint.to_owned(),
    }
}
