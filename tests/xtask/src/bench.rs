//! The benchmarks.

/// Runs them all.
pub(crate) fn run() -> anyhow::Result<()> {
    crate::cargo(["bench", "--locked", "--package", "dogwatch-bench"].map(str::to_owned))
}
