//! The benchmarks.

/// Runs them all, or those named on the command line.
pub(crate) fn run() -> anyhow::Result<()> {
    // The daemon that is measured is a program of its own, and must be beside the one that measures it.
    let both = ["--release", "--locked", "--package", "dogwatch", "--package", "dogwatch-bench"];
    crate::cargo(std::iter::once("build").chain(both).map(str::to_owned))?;
    let run = ["run", "--release", "--locked", "--package", "dogwatch-bench", "--"];
    crate::cargo(run.into_iter().map(str::to_owned).chain(std::env::args().skip(2)))
}
