//! A call that waits for its reply.

use bytes::Bytes;
use tokio::time::Instant;

use crate::gateway::request::ClientCall;

/// A call, and what is needed to answer it.
pub(super) struct PendingCall<'a> {
    pub(super) chain: usize,
    pub(super) call: &'a ClientCall<'a>,
    /// The call as the client wrote it.
    pub(super) body: Bytes,
    /// When the client must have its reply.
    pub(super) until: Instant,
}

/// Whether an answer must be read to its end before it is relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Yes,
    No,
}
