//! The gateway's limits.

use std::time::Duration;

/// The gateway's limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Calls per second of one client, which may save up those of two seconds. Default: 100.
    pub calls_per_second: u32,
    /// The largest request, in bytes. Default: 1 MiB; a transaction has at most 64 KiB.
    pub max_request: usize,
    /// The longest batch, in calls. Default: 50.
    pub max_batch: usize,
    /// The size of the cache of irreversible blocks, in bytes. Default: 4 MiB.
    pub cache: usize,
    /// How long a read may take in all. Default: 10 s.
    pub deadline: Duration,
    /// How long a broadcast may take that waits for a block. Default: 30 s.
    pub broadcast_deadline: Duration,
    /// How long requests may go on once the gateway is told to stop. Default: 10 s.
    pub drain: Duration,
    /// Concurrent connections; one other machine may take an eighth of them. Default: 1024.
    pub max_connections: usize,
    /// Concurrent requests, which bounds their memory; others wait. Default: 256.
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
