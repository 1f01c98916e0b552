//! Printing of figures, with units and against a baseline.

use std::time::Duration;

use anyhow::Context as _;

/// Durations of repeated measurements, sorted.
#[derive(Clone, Debug)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) fn new(mut durations: Vec<Duration>) -> anyhow::Result<Self> {
        durations.sort_unstable();
        durations.first().context("nothing was measured")?;
        Ok(Self(durations))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The percentile: `percent` of the durations are no longer than this.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(rank).copied().unwrap_or_default()
    }

    pub(crate) fn max(&self) -> Duration {
        self.percentile(100)
    }
}

/// Prints the machine that the figures come from.
pub(crate) fn machine() -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().context("how many cores are there?")?;
    let profile = if cfg!(debug_assertions) { "debug profile: the figures mean nothing" } else { "release profile" };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    println!("Machine: {cores} cores, {}, load {load} at the start; {profile}.", std::env::consts::ARCH);
    Ok(())
}

/// Prints the heading of a table of durations.
pub(crate) fn heading(title: &str, names: [&str; 4]) {
    println!("\n{title}");
    columns(names);
}

/// Prints the names of the columns.
pub(crate) fn columns([first, second, third, fourth]: [&str; 4]) {
    println!("  {:<44}{first:>11}{second:>11}{third:>11}  {fourth}", "");
}

/// Prints a line of a table: p50, p90 and a third figure, and how p50 compares with that of other lines.
pub(crate) fn line(what: &str, sample: &Sample, third: Duration, against: &[(&str, &Sample)]) {
    let mut ratios = Vec::new();
    for (name, baseline) in against {
        let ratio = sample.percentile(50).as_secs_f64() / baseline.percentile(50).as_secs_f64().max(1e-9);
        ratios.push(format!("{ratio:.1} × {name}"));
    }
    let ratios = if ratios.is_empty() { "baseline".to_owned() } else { ratios.join(", ") };
    let (p50, p90) = (short(sample.percentile(50)), short(sample.percentile(90)));
    println!("  {what:<44}{p50:>11}{p90:>11}{:>11}  {ratios}", short(third));
}

/// A duration with three digits and a unit.
pub(crate) fn short(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    let (value, unit) = if micros < 1000.0 { (micros, "µs") } else { (micros / 1000.0, "ms") };
    let digits = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}
