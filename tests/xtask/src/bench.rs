//! The benchmarks.

use std::path::PathBuf;

use anyhow::Context as _;
use dogwatch_guest_build::GuestToolchain;

/// The policy as an Extism plugin: a workspace of its own.
const EXTISM: &str = "tests/bench-extism";
/// Its packages: the program, and the plugin.
const EXTISM_PACKAGES: (&str, &str) = ("dogwatch-bench-extism", "bench-extism-guest");

/// Runs them all, or those named on the command line.
pub(crate) fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let named: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    let wants = |name: &str| named.is_empty() || named.contains(&name);
    if wants("gateway") {
        crate::setup::proxies();
    }
    if wants("languages") || wants("start") {
        crate::setup::plugin_compilers();
    }
    // The daemon that is measured is a program of its own, and must be beside the one that measures it.
    let both = ["--release", "--locked", "--package", "dogwatch", "--package", "dogwatch-bench"];
    crate::cargo(std::iter::once("build").chain(both).map(str::to_owned))?;
    let run = ["run", "--release", "--locked", "--package", "dogwatch-bench", "--"];
    let mut command = crate::cargo_command();
    if wants("languages") {
        match extism() {
            Ok(program) => drop(command.env("DOGWATCH_BENCH_EXTISM", program)),
            Err(error) => eprintln!("xtask: {error:#}; going on without Extism"),
        }
    }
    crate::run(command.args(run).args(arguments))
}

/// Builds the program with Extism, and its plugin beside it.
fn extism() -> anyhow::Result<PathBuf> {
    let workspace = crate::root().join(EXTISM);
    let target = crate::root().join("target/bench-extism");
    let (program, guest) = EXTISM_PACKAGES;
    let mut build = crate::cargo_command();
    build.args(["build", "--release", "--locked", "--package", program, "--target-dir"]).arg(&target);
    crate::run(build.current_dir(&workspace))?;
    let built = GuestToolchain::detect()?.build(&workspace, &[guest], &target.join("guests"))?;
    let program = target.join("release").join(program);
    let module = built.first().context("no plugin was built")?;
    let place = program.with_file_name(module.file_name().context("the plugin has no name")?);
    std::fs::copy(module, &place).with_context(|| format!("{} cannot be written", place.display()))?;
    Ok(program)
}
