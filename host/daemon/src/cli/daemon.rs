//! The running daemon of a configuration.

use std::path::Path;

use dogwatch_client::{ControlClient, Failure};

use crate::config::paths;

/// The client of the daemon that runs with this configuration. Only the state directory is read from the file: other
/// errors in it do not matter here.
pub(super) fn of(config: &Path) -> Result<ControlClient, Failure> {
    let state_dir = paths::state_dir_of(config).map_err(Failure::input)?;
    Ok(ControlClient::new(&state_dir)?)
}
