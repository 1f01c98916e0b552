//! Plays crashes on all cores, each against every rescue, and says what they cost.

mod picture;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dogwatch_sim::{Beats, CRASHES, Crash, PolicyChoice, QuietCost, QuietDay, Rescue};
use serde::Serialize;

pub(crate) use picture::svg;

/// What is compared, by name. The scripts' numbers are those that their projects publish.
const RESCUES: [(&str, Rescue); 7] = [
    ("proactive", Rescue::Dogwatch(PolicyChoice::Proactive, Beats::None)),
    ("proactive-beat", Rescue::Dogwatch(PolicyChoice::Proactive, Beats::Sent)),
    ("threshold", Rescue::Dogwatch(PolicyChoice::Threshold(2), Beats::None)),
    ("hive-witness-essentials", Rescue::Script { every: Duration::from_secs(60), misses: 2 }),
    ("conductor", Rescue::Script { every: Duration::from_secs(30), misses: 5 }),
    ("steemfailover", Rescue::Script { every: Duration::from_secs(60), misses: 5 }),
    ("none", Rescue::Nobody),
];

/// Blocks lost, and how many crashes cost so many.
type Costs = BTreeMap<u32, u64>;

/// What a rescue's crashes cost.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Figures {
    mean_lost: f64,
    p50_lost: u32,
    p99_lost: u32,
    max_lost: u32,
    /// By the kind of crash.
    mean_lost_by_crash: BTreeMap<&'static str, f64>,
    /// Moves of the key away from a node that would have produced, in 10,000 quiet days.
    false_switches_per_10000_days: f64,
    /// Blocks that such moves have cost, on all quiet days together.
    lost_through_switching: u32,
    #[serde(skip)]
    pub(crate) costs: Costs,
}

/// Figures of all rescues.
#[derive(Debug, Serialize)]
pub(crate) struct AllFigures {
    seed: u64,
    crashes: u64,
    quiet_days: u64,
    pub(crate) policies: BTreeMap<&'static str, Figures>,
}

/// Crashes for each quiet day.
const CRASHES_A_DAY: u64 = 10;

/// Plays so many crashes from that seed on, and a tenth as many quiet days.
pub(crate) fn play_all(seed: u64, crashes: u64) -> anyhow::Result<AllFigures> {
    let all: Mutex<BTreeMap<(&str, &str), Costs>> = Mutex::default();
    on_all_cores(crashes, |number| {
        let crash = Crash::of_seed(seed.saturating_add(number));
        for (name, rescue) in RESCUES {
            let lost = crash.lost(rescue)?;
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
        for (name, rescue) in RESCUES {
            let cost = day.cost(rescue)?;
            let mut quiet = quiet.lock().unwrap_or_else(PoisonError::into_inner);
            let sum = quiet.entry(name).or_default();
            sum.false_switches = sum.false_switches.saturating_add(cost.false_switches);
            sum.lost = sum.lost.saturating_add(cost.lost);
        }
        Ok(())
    })?;
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    let quiet = quiet.into_inner().unwrap_or_else(PoisonError::into_inner);
    let policies = RESCUES.map(|(name, _)| {
        let on_quiet_days = quiet.get(name).copied().unwrap_or_default();
        let per_10000 = f64::from(on_quiet_days.false_switches) * 10_000.0 / count_of(quiet_days.max(1));
        let figures = Figures {
            false_switches_per_10000_days: per_10000,
            lost_through_switching: on_quiet_days.lost,
            ..figures(name, &all)
        };
        (name, figures)
    });
    Ok(AllFigures { seed, crashes, quiet_days, policies: policies.into() })
}

/// Does that for each of so many numbers.
fn on_all_cores(count: u64, play: impl Fn(u64) -> anyhow::Result<()> + Sync) -> anyhow::Result<()> {
    let next = AtomicU64::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let worker = || loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        play(number)?;
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker died"))))
    })
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
pub(crate) fn table(all: &AllFigures) -> String {
    let AllFigures { seed, crashes, quiet_days, .. } = all;
    let mut out = format!(
        "Blocks lost per crash, {crashes} crashes from seed {seed}; false switches per 10,000 days, {quiet_days} quiet days\n\n"
    );
    let _ = write!(out, "{:24} {:>8} {:>5} {:>5} {:>5}  ", "", "mean", "p50", "p99", "max");
    for kind in CRASHES {
        let _ = write!(out, " {:>8}", kind.name);
    }
    let _ = writeln!(out, "   {:>5}", "false");
    for (name, _) in RESCUES {
        let Some(figures) = all.policies.get(name) else { continue };
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

/// The same for programs.
pub(crate) fn json(all: &AllFigures) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(all)? + "\n")
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

    #[test]
    fn quiet_days_are_quiet() {
        let all = play_all(1, 300).unwrap();
        assert_eq!(all.quiet_days, 30);
        for figures in all.policies.values() {
            assert_eq!(
                (figures.false_switches_per_10000_days, figures.lost_through_switching),
                (0.0, 0),
                "{}",
                table(&all)
            );
        }
    }

    /// The goal: a killed node costs a block only if its slot is among the next two.
    #[test]
    fn a_kill_costs_next_to_nothing() {
        let all = play_all(1, 600).unwrap();
        let by = |name: &str, kind: &str| all.policies[name].mean_lost_by_crash[kind];
        assert!(by("proactive", "kill") < 0.15, "{}", table(&all));
        let (beat, probes) = (by("proactive-beat", "hang"), by("proactive", "hang"));
        assert!(
            beat < 0.15 && beat < probes && probes < 0.6,
            "its machine sees it stand still before a probe times out: {}",
            table(&all)
        );
        assert!(by("proactive", "mute") >= 2.0 && by("proactive", "dark") >= 1.0, "evidence of that needs misses");
        for kind in CRASHES {
            assert!(by("proactive", kind.name) <= by("threshold", kind.name), "{}", table(&all));
        }
        assert!(all.policies["threshold"].mean_lost < all.policies["steemfailover"].mean_lost);
    }
}
