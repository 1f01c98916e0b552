//! The benchmarks.

/// Runs them all, or those named on the command line.
pub(crate) fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let mut named = arguments.iter().filter(|argument| !argument.starts_with("--")).peekable();
    if named.peek().is_none() || named.any(|name| name == "gateway") {
        crate::setup::proxies();
    }
    // The daemon that is measured is a program of its own, and must be beside the one that measures it.
    let both = ["--release", "--locked", "--package", "dogwatch", "--package", "dogwatch-bench"];
    crate::cargo(std::iter::once("build").chain(both).map(str::to_owned))?;
    let run = ["run", "--release", "--locked", "--package", "dogwatch-bench", "--"];
    crate::cargo(run.into_iter().map(str::to_owned).chain(arguments))
}
