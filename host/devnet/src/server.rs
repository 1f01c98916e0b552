//! The devnet on loopback.

mod clock;
mod connection;
mod handle;
mod http;
mod port;
mod start;

pub use handle::DevnetHandle;
pub use start::{DevnetServer, DevnetStartError, RunningDevnet};
