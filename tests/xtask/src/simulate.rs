//! Simulated nights, and deliberate breaks that they must see.

mod mutants;

use anyhow::bail;

use crate::{cargo, setup};

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
    play(&["--nights", NIGHTS, "--seed", "1"].map(str::to_owned))?;
    if let Err(error) = play(&["--nights", NIGHTS].map(str::to_owned)) {
        println!("a night that nobody had played before breaks a rule, see above: {error:#}");
    }
    Ok(())
}

fn play(arguments: &[String]) -> anyhow::Result<()> {
    let run = ["run", "--quiet", "--locked", "--package", "dogwatch-simulate", "--"];
    cargo(run.map(str::to_owned).into_iter().chain(arguments.iter().cloned()))
}
