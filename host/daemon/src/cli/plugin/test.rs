//! `dogwatch plugin test`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use dogwatch_client::{Exit, Failure};
use dogwatch_plugins::{PolicyPlugin, Settings};
use dogwatch_sim::CATALOGUE;
use dogwatch_trial::{Played, Script, TriedPolicy};
use serde::Serialize;

use crate::cli::common::{Format, say};

/// A night, and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Tested {
    pub(super) night: PathBuf,
    pub(super) passed: bool,
    #[serde(flatten)]
    pub(super) played: Played,
}

/// Prints what can go wrong in a night.
pub(super) fn faults() -> Result<(), Failure> {
    let lines = CATALOGUE.iter().map(|kind| {
        let amount = match kind.amounts {
            (0, 0) => String::new(),
            (least, most) => format!(" (amount {least} to {most})"),
        };
        format!("{:28} {}{amount}", kind.name, kind.about)
    });
    say(lines.collect::<Vec<_>>().join("\n"))
}

pub(super) fn run(file: &Path, nights: &[PathBuf], format: Format) -> Result<(), Failure> {
    let policy = super::policy(file)?;
    let tested = nights.iter().map(|night| test(&policy, night)).collect::<Result<Vec<_>, _>>()?;
    format.print(&tested, |tested| words(tested))?;
    if tested.iter().all(|night| night.passed) { Ok(()) } else { Err(Failure::with(Exit::Input, "")) }
}

fn test(policy: &PolicyPlugin, path: &Path) -> Result<Tested, Failure> {
    let problem = |why: String| Failure::input(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    let script: Script<Settings> = Script::from_toml(&text).map_err(|error| problem(error.to_string()))?;
    let settings = script.settings.clone().unwrap_or_default();
    policy.check(&settings).map_err(|error| problem(error.to_string()))?;
    let played =
        script.play(&TriedPolicy::new(policy.clone(), settings)).map_err(|error| problem(error.to_string()))?;
    Ok(Tested { night: path.to_owned(), passed: played.passed(), played })
}

pub(super) fn words(tested: &[Tested]) -> String {
    let mut out = String::new();
    for Tested { night, played, .. } in tested {
        let Played { verdicts, lost, switches, refused, broken, .. } = played;
        let _ = writeln!(
            out,
            "{}: blocks lost: {lost}; switches: {switches}; refused by a rail: {refused}",
            night.display()
        );
        for verdict in verdicts {
            match &verdict.wrong {
                None => {
                    let _ = writeln!(out, "ok    {}", verdict.expected);
                }
                Some(wrong) => {
                    let _ = writeln!(out, "FAILS {}; but: {wrong}", verdict.expected);
                    verdict.instead.iter().for_each(|line| {
                        let _ = writeln!(out, "      {line}");
                    });
                }
            }
        }
        if let Some(rule) = broken {
            let _ = writeln!(out, "FAILS a rule of the simulator was broken, which is a bug in Dogwatch: {rule}");
        }
    }
    let failed = tested.iter().filter(|night| !night.passed).count();
    let _ = match failed {
        0 => writeln!(out, "All nights came as expected: {}.", tested.len()),
        _ => writeln!(out, "Nights that did not come as expected: {failed} of {}.", tested.len()),
    };
    out.trim_end().to_owned()
}
