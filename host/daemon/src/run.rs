//! From a configuration to a running daemon: checks before the start, wiring, plugins that change at run time.

mod chains;
mod channels;
mod daemon;
mod error;
mod plugins;
pub mod preflight;
pub mod signals;
mod starts;
mod state_files;

pub use daemon::Daemon;
pub use error::{StartError, TaskEnded};
