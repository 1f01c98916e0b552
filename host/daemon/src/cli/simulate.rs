//! `dogwatch simulate`: what a policy costs, in the project's own simulator.

use std::path::{Path, PathBuf};

use clap::Args;
use dogwatch_client::Failure;
use dogwatch_plugins::Settings;
use dogwatch_sim::{Natively, Night, PolicyChoice, picture};
use dogwatch_trial::{
    AllFigures, Contender, NightFigures, TrialError, TriedPolicy, night_of, nights_table, play_crashes, play_nights,
};
use serde::Serialize;

use super::plugin::given_settings;
use crate::cli::common::{Format, say};

#[derive(Debug, Args)]
pub(super) struct SimulateOrder {
    /// The policy's file
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Its settings: a TOML file, as [witness.settings] would be
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// A bundled policy to play beside it, or another file; may be repeated; by default proactive and threshold
    #[arg(long, value_name = "POLICY")]
    against: Vec<String>,
    /// How many nights to play, and as many crashes, and a tenth as many quiet days
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    nights: u64,
    /// The seed of the first; the others follow
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Show the night of that seed slot by slot, or of that file
    #[arg(long, value_name = "NIGHT", conflicts_with_all = ["against", "nights", "seed", "plot"])]
    replay: Option<String>,
    /// Draw how many blocks the crashes cost, as an SVG picture
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Who decides in the nights.
#[derive(Debug)]
enum Tried {
    Bundled(PolicyChoice),
    File(TriedPolicy),
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report {
    crashes: AllFigures,
    nights: Vec<(String, NightFigures)>,
    /// Of the files: name, calls, calls that gave no decision, and why the first of them did not.
    calls: Vec<(String, u64, u64, Option<String>)>,
}

pub(super) fn simulate(order: &SimulateOrder) -> Result<(), Failure> {
    let SimulateOrder { policy, settings, against, nights, seed, replay, plot, format } = order;
    let tried =
        TriedPolicy::new(super::plugin::policy(policy)?, given_settings(settings.as_deref())?.unwrap_or_default());
    if let Some(night) = replay {
        return say(picture(&night_to_show(night)?, &tried).map_err(Failure::input)?.trim_end());
    }
    let mut all = vec![(name_of(policy), Tried::File(tried))];
    let usual = ["proactive".to_owned(), "threshold".to_owned()];
    for name in if against.is_empty() { &usual[..] } else { against } {
        let mut named = name_of(Path::new(name));
        // Figures go by names.
        while all.iter().any(|(known, _)| *known == named) {
            named.push_str(" (another)");
        }
        all.push((named, other(name)?));
    }
    let contenders: Vec<Contender<'_>> = all.iter().map(|(name, tried)| contender(name, tried)).collect();
    let crashes = play_crashes(*seed, *nights, &contenders).map_err(failed)?;
    let figures = play_nights(*seed, *nights, &contenders).map_err(failed)?;
    if let Some(path) = plot {
        std::fs::write(path, dogwatch_trial::svg(&crashes))
            .map_err(|error| Failure::other(format!("cannot write {}: {error}", path.display())))?;
    }
    let calls = all.iter().filter_map(|(name, tried)| match tried {
        Tried::Bundled(_) => None,
        Tried::File(tried) => Some((name.clone(), tried.calls(), tried.failed(), tried.first_failure())),
    });
    let report = Report { crashes, nights: figures, calls: calls.collect() };
    format.print(&report, |report| words(report, *seed, *nights))
}

fn contender<'a>(name: &str, tried: &'a Tried) -> Contender<'a> {
    match tried {
        Tried::Bundled(choice) => Contender::policy(name, *choice, &Natively),
        Tried::File(policy) => Contender::policy(name, PolicyChoice::Proactive, policy),
    }
}

/// A bundled policy, as it is compiled into this program, or a file with its default settings.
fn other(name: &str) -> Result<Tried, Failure> {
    match name {
        "proactive" => Ok(Tried::Bundled(PolicyChoice::Proactive)),
        "threshold" => Ok(Tried::Bundled(PolicyChoice::Threshold(2))),
        path => Ok(Tried::File(TriedPolicy::new(super::plugin::policy(Path::new(path))?, Settings::default()))),
    }
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn night_to_show(night: &str) -> Result<Night, Failure> {
    if let Ok(seed) = night.parse() {
        return Ok(night_of(seed, PolicyChoice::Proactive));
    }
    let text =
        std::fs::read_to_string(night).map_err(|error| Failure::input(format!("cannot read {night}: {error}")))?;
    Night::from_toml(&text).map_err(|error| Failure::input(format!("{night}: {error}")))
}

fn failed(error: TrialError) -> Failure {
    match error {
        TrialError::Night(error) => Failure::input(error),
        TrialError::Panicked => Failure::other(error),
    }
}

fn words(report: &Report, seed: u64, nights: u64) -> String {
    let mut out = dogwatch_trial::table(&report.crashes);
    out.push('\n');
    out.push_str(&nights_table(seed, nights, &report.nights));
    out.push('\n');
    for (name, calls, failed, first) in &report.calls {
        let why = first.as_ref().map_or_else(String::new, |why| format!("; the first: {why}"));
        out.push_str(&format!("{name} was asked {calls} times; calls that failed: {failed}{why}\n"));
    }
    out.trim_end().to_owned()
}
