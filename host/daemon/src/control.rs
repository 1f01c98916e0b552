//! Access to the running daemon: the control socket and the metrics.

mod alerts;
pub mod metrics;
pub mod server;
