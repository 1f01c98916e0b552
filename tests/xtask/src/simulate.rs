//! Simulated nights, and deliberate breaks that they must see.

mod mutants;

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::{cargo, root, run as run_command, setup};

/// The nights that are played each time, and so many with seeds that nobody has played yet.
const NIGHTS: &str = "3000";

/// `cargo xtask simulate`: plays nights, or plays them against deliberate breaks.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    match arguments {
        [first, names @ ..] if first == "--mutants" => mutants::run(names),
        _ if arguments.iter().any(|argument| argument == "--mutants") => bail!("--mutants comes first, then names"),
        _ => {
            setup::guest_toolchain()?;
            play(arguments)
        }
    }
}

/// What every run of the tests plays: the same nights each time, and new ones. A new night that breaks a rule is shown and
/// written to a file, and fails nothing: it is not this change that broke it.
pub(crate) fn for_the_tests() -> anyhow::Result<()> {
    built(&["--nights", NIGHTS, "--seed", "1"])?;
    if let Err(error) = built(&["--nights", NIGHTS]) {
        println!("a night that nobody had played before breaks a rule, see above: {error:#}");
    }
    Ok(())
}

/// Plays with the program that the tests have built. To build it alone would build half of its dependencies anew, with other features.
fn built(arguments: &[&str]) -> anyhow::Result<()> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    run_command(Command::new(target.join("debug/simulate")).args(arguments).current_dir(root()))
}

fn play(arguments: &[String]) -> anyhow::Result<()> {
    let run = ["run", "--quiet", "--locked", "--package", "dogwatch-simulate", "--"];
    cargo(run.map(str::to_owned).into_iter().chain(arguments.iter().cloned()))
}
