//! What the gateway allows.

use std::time::Duration;

/// What the gateway allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Calls a second that one client may make; it may save up for two seconds. Default: 100.
    pub calls_per_second: u32,
    /// The largest request, in bytes. Default: 1 MiB; a transaction has 64 KiB at most.
    pub max_request: usize,
    /// The longest batch, in calls. Default: 50.
    pub max_batch: usize,
    /// Room for irreversible blocks, in bytes. Default: 4 MiB.
    pub cache: usize,
    /// How long a read may take in all. Default: 10 s.
    pub deadline: Duration,
    /// How long a broadcast may take that waits for a block. Default: 30 s.
    pub broadcast_deadline: Duration,
    /// How long requests may go on once it is told to stop. Default: 10 s.
    pub drain: Duration,
    /// Connections at once. Default: 1024; from one other machine an eighth of them.
    pub max_connections: usize,
    /// Requests at once, which bounds the memory they take: the others wait. Default: 256.
    pub max_requests: usize,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self {
            calls_per_second: 100,
            max_request: 1 << 20,
            max_batch: 50,
            cache: 4 << 20,
            deadline: Duration::from_secs(10),
            broadcast_deadline: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            max_connections: 1024,
            max_requests: 256,
        }
    }
}
