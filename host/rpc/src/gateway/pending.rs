//! A call that waits for its answer.

use bytes::Bytes;
use tokio::time::Instant;

use crate::gateway::request::ClientCall;

/// A call, and what it is to be answered with.
pub(super) struct PendingCall<'a> {
    pub(super) chain: usize,
    pub(super) call: &'a ClientCall<'a>,
    /// As the client wrote it.
    pub(super) body: Bytes,
    /// When the client must have its answer.
    pub(super) until: Instant,
}

/// Whether an answer must be read to its end before it is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Yes,
    No,
}
