//! `cargo xtask`: every chore of the project, each one command, set-up included.

mod bench;
mod fuzz;
mod setup;
mod simulate;
mod test;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

const USAGE: &str = "\
cargo xtask demo [ARGS]   set up, build, and run the demo
cargo xtask test [ARGS]   set up, build, run all tests, and say at the end which failed
cargo xtask bench [NAMES] set up, build, and print the benchmarks
cargo xtask fuzz [SECONDS] [TARGETS]   fuzz what comes from the network, 300 s each
cargo xtask simulate [ARGS]            play simulated nights; --help says which, --list what can go wrong
cargo xtask simulate --mutants [NAMES] break the engine on purpose, and see whether the nights notice
cargo xtask setup         only set up: a compiler for wasm32-unknown-unknown, and the programs that tests speak to";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next();
    let rest: Vec<String> = arguments.collect();
    match task.as_deref() {
        Some("demo") => {
            setup::guest_toolchain()?;
            let build = ["run", "--release", "--locked", "--package", "dogwatch", "--", "demo"];
            cargo(build.into_iter().map(str::to_owned).chain(rest))
        }
        Some("test") => test::run(rest),
        Some("bench") => {
            setup::guest_toolchain()?;
            bench::run()
        }
        Some("fuzz") => fuzz::run(&rest),
        Some("simulate") => simulate::run(&rest),
        Some("setup") => {
            setup::guest_toolchain()?;
            setup::peers()
        }
        _ => bail!("{USAGE}"),
    }
}

/// The workspace's root.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Runs the cargo that runs this.
fn cargo(arguments: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
    run(cargo_command().args(arguments))
}

/// The cargo that runs this, in the workspace's root.
fn cargo_command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?} could not be started"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} failed: {status}") }
}
