//! The fuzz targets, each for so many seconds.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

const TARGETS: [&str; 5] = ["answers", "redirects", "retry_after", "plugin_bytes", "channel_answers"];
/// Those that begin with the catalogue of hostile plugins.
const SEEDED: [&str; 2] = ["plugin_bytes", "channel_answers"];
const VERSION: &str = "0.13.1";
/// What an issue asks of them: five minutes each.
const SECONDS: u32 = 300;

/// Runs the targets named on the command line, or all.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let mut seconds = SECONDS;
    let mut targets = Vec::new();
    for argument in arguments {
        match argument.parse() {
            Ok(number) => seconds = number,
            Err(_) if TARGETS.contains(&argument.as_str()) => targets.push(argument.as_str()),
            Err(_) => bail!("{argument} is neither a number of seconds nor one of {}", TARGETS.join(", ")),
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    let fuzz = fuzzer()?;
    let captures = crate::root().join("host/rpc/tests/captures");
    if targets.iter().any(|target| SEEDED.contains(target)) {
        let seeds = ["run", "--quiet", "-p", "dogwatch-hostile", "--example", "seeds", "--"].map(str::to_owned);
        crate::cargo(seeds.into_iter().chain([crate::root().join("tests/fuzz/corpus").display().to_string()]))?;
    }
    for target in targets {
        let corpus = crate::root().join("tests/fuzz/corpus").join(target);
        std::fs::create_dir_all(&corpus).with_context(|| format!("{} cannot be made", corpus.display()))?;
        let mut command = Command::new(&fuzz);
        // The fuzzer's instrumentation is behind a switch of the compiler that stable has as well.
        command.env("RUSTC_BOOTSTRAP", "1").current_dir(crate::root());
        command.args(["fuzz", "run", "--fuzz-dir", "tests/fuzz", target]).arg(&corpus);
        if target == "answers" {
            command.arg(&captures);
        }
        command.args(["--", &format!("-max_total_time={seconds}"), "-timeout=10", "-rss_limit_mb=4096"]);
        crate::run(&mut command)?;
        eprintln!("xtask: {target} ran clean for {seconds} s");
    }
    Ok(())
}

/// cargo-fuzz, installed beside the project's other tools if it is not there.
fn fuzzer() -> anyhow::Result<PathBuf> {
    let tools = crate::root().join("target/tools");
    let program = tools.join("bin/cargo-fuzz");
    if !program.is_file() {
        let arguments = ["install", "cargo-fuzz", "--version", VERSION, "--locked", "--root"].map(str::to_owned);
        crate::cargo(arguments.into_iter().chain([tools.display().to_string()]))?;
    }
    Ok(program)
}
