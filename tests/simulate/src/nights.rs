//! Plays nights on all cores.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use dogwatch_sim::{FaultKind, Night, NightOutcome, Violation, draw_with, play};

use crate::count::Counts;
use crate::policies::Sampled;

/// Which nights to play.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'a> {
    pub(crate) first: u64,
    pub(crate) nights: u64,
    pub(crate) wanted: &'a [&'static FaultKind],
    pub(crate) keep_going: bool,
}

/// A night that broke a rule.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) night: Night,
    pub(crate) violation: Violation,
}

/// Plays them all, or until one breaks a rule.
#[expect(
    clippy::disallowed_methods,
    reason = "how fast it plays is a figure to be read; the nights have a time of their own"
)]
pub(crate) fn play_all(range: &Range<'_>, policies: &Sampled) -> anyhow::Result<(Counts, Vec<Failed>)> {
    let began = Instant::now();
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let all = Mutex::new((Counts::default(), Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<anyhow::Result<()>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(|| worker(range, policies, &next, &stop, &all))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker died"))))
            .collect()
    });
    results.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    let (mut counts, mut failed) = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    counts.elapsed = began.elapsed();
    failed.sort_by_key(|failed: &Failed| failed.night.faults.len());
    Ok((counts, failed))
}

fn worker(
    range: &Range<'_>,
    policies: &Sampled,
    next: &AtomicU64,
    stop: &AtomicBool,
    all: &Mutex<(Counts, Vec<Failed>)>,
) -> anyhow::Result<()> {
    let (mut counts, mut failed) = (Counts::default(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= range.nights {
            break;
        }
        let night = draw_with(range.first.wrapping_add(number), range.wanted);
        let in_sandbox = policies.for_night(&night);
        counts.sandboxed = counts.sandboxed.saturating_add(u64::from(in_sandbox.is_sandboxed()));
        let outcome = catch_unwind(AssertUnwindSafe(|| play(&night, &in_sandbox)));
        let Ok(outcome) = outcome else {
            anyhow::bail!("night {} panicked: {}", night.seed, night.to_toml()?);
        };
        let outcome: NightOutcome = outcome?;
        counts.add(&night, &outcome);
        if let Some(violation) = outcome.violation {
            // At once: a long run may be ended before it tells the sum.
            eprintln!("night {} breaks {:?} in slot {}", night.seed, violation.rule, violation.slot);
            failed.push(Failed { night, violation });
            if !range.keep_going {
                stop.store(true, Ordering::Relaxed);
            }
        }
    }
    let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.0.merge(counts);
    all.1.append(&mut failed);
    Ok(())
}
