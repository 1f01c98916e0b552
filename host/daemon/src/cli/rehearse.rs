//! `dogwatch rehearse`.

use std::path::Path;

use dogwatch_client::{Exit, Failure, RehearsalReport};

use crate::cli::common::Format;
use crate::cli::daemon;

pub(super) async fn rehearse(config: &Path, format: Format) -> Result<(), Failure> {
    let report: RehearsalReport = daemon::of(config)?.post("/rehearse", &()).await?;
    format.print(&report, |report| report.lines().join("\n"))?;
    if report.passed() { Ok(()) } else { Err(Failure::with(Exit::Unfit, "something would not work now")) }
}
