//! `dogwatch plugin build`.

use std::path::Path;

use dogwatch_authoring::{BuildProblem, SourceWatch, build};
use dogwatch_client::{Exit, Failure};

use crate::cli::common::say;

/// Builds, and builds again whenever a source changes. A build that fails is told, and the next change may mend it.
pub(super) fn watch(project: &Path, to: Option<&Path>) -> Result<(), Failure> {
    let watch = SourceWatch::new(project).map_err(Failure::input)?;
    loop {
        if let Err(failure) = run(project, to) {
            say(format!("Not built: {}", failure.message))?;
        }
        say("Waiting for a change; Ctrl-C ends it.")?;
        watch.changed().map_err(Failure::other)?;
    }
}

pub(super) fn run(project: &Path, to: Option<&Path>) -> Result<(), Failure> {
    let file = build(project, to).map_err(|problem| match problem {
        BuildProblem::NoProject(_) | BuildProblem::Project { .. } | BuildProblem::Name(_) => Failure::input(problem),
        _ => Failure::with(Exit::Other, problem),
    })?;
    let size = std::fs::metadata(&file).map(|metadata| metadata.len()).unwrap_or_default();
    say(format!("Built {} ({size} bytes).", file.strip_prefix(".").unwrap_or(&file).display()))
}
