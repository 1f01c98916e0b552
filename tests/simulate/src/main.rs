//! `cargo xtask simulate`: plays nights on all cores until one breaks a rule.

mod count;
mod crashes;
mod nights;
mod policies;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use dogwatch_sim::{CATALOGUE, FaultKind, Night, Violation};

use crate::nights::{Failed, Range};

/// Plays simulated nights: a chain, nodes, endpoints and sites in which anything fails, and the real decision core.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate")]
struct Arguments {
    /// Print the kinds of fault, one a line, name first.
    #[arg(long)]
    list: bool,
    /// How many nights to play.
    #[arg(long, default_value_t = 3000)]
    nights: u64,
    /// The seed of the first night; the others follow. Without it the clock decides.
    #[arg(long)]
    seed: Option<u64>,
    /// A kind of fault that is in every night. May be repeated.
    #[arg(long, value_parser = kind)]
    fault: Vec<&'static FaultKind>,
    /// Play the night of that file, and show it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["nights", "seed", "fault"])]
    replay: Option<PathBuf>,
    /// Instead of nights, play so many crashes of the node on duty, against Dogwatch's policies and what others do.
    #[arg(long, value_name = "CRASHES", conflicts_with_all = ["nights", "fault", "replay"])]
    crashes: Option<u64>,
    /// Print the crashes' figures as JSON.
    #[arg(long, requires = "crashes")]
    json: bool,
    /// Draw how many blocks the crashes cost, as an SVG picture.
    #[arg(long, value_name = "FILE", requires = "crashes")]
    plot: Option<PathBuf>,
    /// Where a night that breaks a rule is written.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/nights")]
    write_to: PathBuf,
    /// Do not look for the fewest faults that break a rule.
    #[arg(long)]
    no_shrink: bool,
    /// Go on after a broken rule, and count how often each was broken.
    #[arg(long)]
    keep_going: bool,
}

/// Of how many nights the fewest faults are looked for: that takes longer than to play them.
const SHRUNK: usize = 10;

fn kind(name: &str) -> Result<&'static FaultKind, String> {
    FaultKind::named(name).ok_or_else(|| format!("there is no such kind: --list prints all of {}", CATALOGUE.len()))
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.list {
        for kind in CATALOGUE {
            println!("{:28} {}", kind.name, kind.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(crashes) = arguments.crashes {
        let first = arguments.seed.unwrap_or(1);
        let figures = dogwatch_trial::play_crashes(first, crashes, &crashes::contenders())?;
        if let Some(file) = &arguments.plot {
            std::fs::write(file, dogwatch_trial::svg(&figures))
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        let shown = if arguments.json {
            serde_json::to_string_pretty(&figures)? + "\n"
        } else {
            dogwatch_trial::table(&figures)
        };
        print!("{shown}");
        return Ok(ExitCode::SUCCESS);
    }
    let policies = policies::Sampled::new()?;
    if let Some(file) = &arguments.replay {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let night = Night::from_toml(&text).with_context(|| format!("in {}", file.display()))?;
        let shown = dogwatch_sim::picture(&night, &policies)?;
        print!("{shown}");
        let broken = shown.lines().last().is_some_and(|line| line.starts_with("BROKEN"));
        return Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let first = arguments.seed.unwrap_or_else(count::fresh_seed);
    println!("Playing {} nights from seed {first}.", arguments.nights);
    let range = Range { first, nights: arguments.nights, wanted: &arguments.fault, keep_going: arguments.keep_going };
    let (counts, failed) = nights::play_all(&range, &policies)?;
    print!("{counts}");
    for (index, Failed { night, violation }) in failed.iter().enumerate() {
        println!("\nNight {} breaks a rule: {violation}", night.seed);
        if index < SHRUNK && !arguments.no_shrink {
            shrink(night, violation, &arguments, &policies)?;
        }
    }
    let differences = policies.differences();
    for difference in differences.iter().take(3) {
        println!("\nThe sandbox decides differently: {difference}");
    }
    let passed = failed.is_empty() && differences.is_empty();
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shrinks a night that broke a rule, and writes it to a file that `--replay` plays.
fn shrink(
    night: &Night,
    violation: &Violation,
    arguments: &Arguments,
    policies: &policies::Sampled,
) -> anyhow::Result<()> {
    let small = dogwatch_sim::shrink(night, violation.rule, policies)?;
    let kinds: Vec<&str> = small.faults.iter().map(|fault| fault.kind.as_str()).collect();
    std::fs::create_dir_all(&arguments.write_to)
        .with_context(|| format!("{} cannot be made", arguments.write_to.display()))?;
    let file = arguments.write_to.join(format!("{}.toml", night.seed));
    std::fs::write(&file, small.to_toml()?).with_context(|| format!("{} cannot be written", file.display()))?;
    println!("Its fewest faults: {kinds:?}. See it: cargo xtask simulate --replay {}", file.display());
    Ok(())
}
