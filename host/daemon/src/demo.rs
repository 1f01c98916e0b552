//! demo stub
use crate::cli::Failure;
use std::time::Duration;
/// Runs it.
pub async fn run(_slot: Duration, _keep: bool) -> Result<(), Failure> {
    Ok(())
}
