//! `dogwatch plugin build`.

use std::path::Path;

use dogwatch_authoring::{BuildProblem, build};
use dogwatch_client::{Exit, Failure};

use crate::cli::common::say;

pub(super) fn run(project: &Path, to: Option<&Path>) -> Result<(), Failure> {
    let file = build(project, to).map_err(|problem| match problem {
        BuildProblem::NoProject(_) | BuildProblem::Project { .. } | BuildProblem::Name(_) => Failure::input(problem),
        _ => Failure::with(Exit::Other, problem),
    })?;
    let size = std::fs::metadata(&file).map(|metadata| metadata.len()).unwrap_or_default();
    say(format!("Built {} ({size} bytes).", file.strip_prefix(".").unwrap_or(&file).display()))
}
