//! `dogwatch rehearse`.

use std::path::Path;

use dogwatch_client::{Exit, Failure, RehearsalReport};

use crate::cli::common::say;
use crate::cli::daemon;

pub(super) async fn rehearse(config: &Path, as_json: bool) -> Result<(), Failure> {
    let report: RehearsalReport = daemon::of(config)?.post("/rehearse", &()).await?;
    if as_json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::other)?)?;
    } else {
        say(report.lines().join("\n"))?;
    }
    if report.passed() { Ok(()) } else { Err(Failure::with(Exit::Unfit, "something would not work now")) }
}
