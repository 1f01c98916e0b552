//! Plays crashes on all cores, each against every rescue, and says what they cost.

mod picture;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use dogwatch_sim::{CRASHES, Crash, QuietCost, QuietDay};
use serde::Serialize;

use crate::contender::Contender;
use crate::error::TrialError;
use crate::workers::on_all_cores;
pub use picture::svg;

/// Blocks lost, and how many crashes cost so many.
type Costs = BTreeMap<u32, u64>;

/// What a rescue's crashes cost.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// Blocks lost per crash, on average.
    pub mean_lost: f64,
    /// So many or fewer in half of the crashes.
    pub p50_lost: u32,
    /// So many or fewer in 99 of 100 crashes.
    pub p99_lost: u32,
    /// The most.
    pub max_lost: u32,
    /// By the kind of crash.
    pub mean_lost_by_crash: BTreeMap<&'static str, f64>,
    /// Moves of the key away from a node that would have produced, in 10,000 quiet days.
    pub false_switches_per_10000_days: f64,
    /// Blocks that such moves have cost, on all quiet days together.
    pub lost_through_switching: u32,
    #[serde(skip)]
    pub(crate) costs: Costs,
}

/// Figures of all rescues.
#[derive(Debug, Serialize)]
pub struct AllFigures {
    /// The seed of the first crash.
    pub seed: u64,
    /// How many crashes were played.
    pub crashes: u64,
    /// How many quiet days were.
    pub quiet_days: u64,
    /// By the contender's name.
    pub policies: BTreeMap<String, Figures>,
    #[serde(skip)]
    order: Vec<String>,
}

impl AllFigures {
    /// In the order of the contenders.
    fn in_order(&self) -> impl Iterator<Item = (&str, &Figures)> {
        self.order.iter().filter_map(|name| Some((name.as_str(), self.policies.get(name)?)))
    }
}

/// Crashes for each quiet day.
const CRASHES_A_DAY: u64 = 10;

/// Plays so many crashes from that seed on, and a tenth as many quiet days, with each contender.
///
/// # Errors
///
/// A crash cannot be played.
pub fn play_crashes(seed: u64, crashes: u64, contenders: &[Contender<'_>]) -> Result<AllFigures, TrialError> {
    let all: Mutex<BTreeMap<(&str, &str), Costs>> = Mutex::default();
    on_all_cores(crashes, |number| {
        let crash = Crash::of_seed(seed.saturating_add(number));
        for Contender { name, rescue, policies } in contenders {
            let lost = crash.lost(*rescue, *policies)?;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            let count = all.entry((name, crash.kind.name)).or_default().entry(lost).or_default();
            *count = count.saturating_add(1);
        }
        Ok(())
    })?;
    let quiet: Mutex<BTreeMap<&str, QuietCost>> = Mutex::default();
    let quiet_days = crashes.div_ceil(CRASHES_A_DAY);
    on_all_cores(quiet_days, |number| {
        let day = QuietDay { seed: seed.saturating_add(number) };
        for Contender { name, rescue, policies } in contenders {
            let cost = day.cost(*rescue, *policies)?;
            let mut quiet = quiet.lock().unwrap_or_else(PoisonError::into_inner);
            let sum = quiet.entry(name).or_default();
            sum.false_switches = sum.false_switches.saturating_add(cost.false_switches);
            sum.lost = sum.lost.saturating_add(cost.lost);
        }
        Ok(())
    })?;
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    let quiet = quiet.into_inner().unwrap_or_else(PoisonError::into_inner);
    let policies = contenders.iter().map(|Contender { name, .. }| {
        let on_quiet_days = quiet.get(name.as_str()).copied().unwrap_or_default();
        let per_10000 = f64::from(on_quiet_days.false_switches) * 10_000.0 / count_of(quiet_days.max(1));
        let figures = Figures {
            false_switches_per_10000_days: per_10000,
            lost_through_switching: on_quiet_days.lost,
            ..figures(name, &all)
        };
        (name.clone(), figures)
    });
    let order = contenders.iter().map(|contender| contender.name.clone()).collect();
    Ok(AllFigures { seed, crashes, quiet_days, policies: policies.collect(), order })
}

fn figures(name: &str, all: &BTreeMap<(&str, &'static str), Costs>) -> Figures {
    let mut figures = Figures::default();
    for ((_, kind), costs) in all.iter().filter(|((rescue, _), _)| *rescue == name) {
        figures.mean_lost_by_crash.insert(kind, mean(costs));
        for (lost, crashes) in costs {
            let count = figures.costs.entry(*lost).or_default();
            *count = count.saturating_add(*crashes);
        }
    }
    figures.mean_lost = mean(&figures.costs);
    figures.p50_lost = quantile(&figures.costs, 50);
    figures.p99_lost = quantile(&figures.costs, 99);
    figures.max_lost = figures.costs.keys().next_back().copied().unwrap_or(0);
    figures
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than a double counts exactly")]
fn count_of(number: u64) -> f64 {
    number as f64
}

fn mean(costs: &Costs) -> f64 {
    let crashes: u64 = costs.values().sum();
    let lost: u64 = costs.iter().map(|(lost, crashes)| u64::from(*lost).saturating_mul(*crashes)).sum();
    count_of(lost) / count_of(crashes.max(1))
}

/// The least cost that so many of a hundred crashes do not exceed.
fn quantile(costs: &Costs, percent: u64) -> u32 {
    let crashes: u64 = costs.values().sum();
    let mut below = 0_u64;
    let found = costs.iter().find(|(_, count)| {
        below = below.saturating_add(**count);
        below.saturating_mul(100) >= crashes.saturating_mul(percent)
    });
    found.map_or(0, |(lost, _)| *lost)
}

/// A table for people.
pub fn table(all: &AllFigures) -> String {
    let AllFigures { seed, crashes, quiet_days, .. } = all;
    let mut out = format!(
        "Blocks lost per crash, {crashes} crashes from seed {seed}; false switches per 10,000 days, {quiet_days} quiet days\n\n"
    );
    let _ = write!(out, "{:24} {:>8} {:>5} {:>5} {:>5}  ", "", "mean", "p50", "p99", "max");
    for kind in CRASHES {
        let _ = write!(out, " {:>8}", kind.name);
    }
    let _ = writeln!(out, "   {:>5}", "false");
    for (name, figures) in all.in_order() {
        let Figures { mean_lost, p50_lost, p99_lost, max_lost, mean_lost_by_crash, .. } = figures;
        let _ = write!(out, "{name:24} {mean_lost:>8.3} {p50_lost:>5} {p99_lost:>5} {max_lost:>5}  ");
        for kind in CRASHES {
            let mean = mean_lost_by_crash.get(kind.name).copied().unwrap_or_default();
            let _ = write!(out, " {mean:>8.3}");
        }
        let _ = writeln!(out, "   {:>5.1}", figures.false_switches_per_10000_days);
    }
    out.push('\n');
    for kind in CRASHES {
        let _ = writeln!(out, "{:10} {}", kind.name, kind.about);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_costs_that_so_many_do_not_exceed() {
        let costs = Costs::from([(0, 98), (1, 1), (7, 1)]);
        assert_eq!((quantile(&costs, 50), quantile(&costs, 99), quantile(&costs, 100)), (0, 1, 7));
        assert!((mean(&costs) - 0.08).abs() < 1e-9);
        assert_eq!((quantile(&Costs::new(), 99), mean(&Costs::new())), (0, 0.0));
    }
}
