//! Heartbeats: what a dead man's switch is told.

use dogwatch_chain::Time;

/// How the daemon is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeartbeatStatus {
    /// The daemon has started.
    Started,
    /// A full cycle went well.
    Healthy,
    /// The daemon runs but cannot do its work, for this reason.
    Failing(String),
}

/// A heartbeat as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatMessage {
    /// How the daemon is doing.
    pub status: HeartbeatStatus,
    /// The site at which this daemon runs.
    pub site: String,
    /// When the heartbeat was made.
    pub at: Time,
}
