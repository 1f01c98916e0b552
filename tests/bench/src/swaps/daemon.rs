//! The real daemon, told by SIGHUP to look at its plugin directory.

use std::time::Duration;

use anyhow::{Context as _, bail};
use dogwatch::decisions::{self, JournalError};
use dogwatch_chain::Time;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use super::files::{NAME, PolicyFiles};
use crate::daemon::{Daemon, PATIENCE};
use crate::figures::{self, Sample};
use crate::process;
use crate::stage::Stage;

/// The shortest that a devnet has.
const SLOT: Duration = Duration::from_millis(50);
const ROUND: u32 = 5;
/// Without a swap, for the baseline.
const QUIET: Duration = Duration::from_secs(10);
/// How often the log is looked at for the end of a swap.
const LOOK: Duration = Duration::from_millis(2);
/// What the log says of a swap.
const SWAPPED: &str = "was replaced and reloaded";

/// A decision in the journal.
struct Decided {
    at: Time,
    lost: bool,
    sha256: String,
}

/// Swaps the policy of a daemon so many times. Decisions lost.
pub(super) async fn run(swaps: usize) -> anyhow::Result<u32> {
    let stage = Stage::set(SLOT, ROUND).await?;
    let plugins = stage.path().join("plugins");
    std::fs::create_dir(&plugins)?;
    let mut files = PolicyFiles::new(&plugins)?;
    files.next()?;
    let config = stage.write(&stage.devnet.rpc_urls(), &format!("policy = \"{NAME}\""))?;
    let text = std::fs::read_to_string(&config)?;
    std::fs::write(&config, format!("plugins_dir = {plugins:?}\n{text}"))?;
    let mut daemon = Daemon::start(&config)?;
    daemon.ready().await?;
    let pid = Pid::from_raw(i32::try_from(daemon.process()?)?).context("a process has a number")?;

    let mut swapped = daemon.lines_with(SWAPPED)?;
    let began = now();
    tokio::time::sleep(QUIET).await;
    let from = now();
    let (mut took, mut memory) = (Vec::with_capacity(swaps), Vec::with_capacity(swaps));
    for number in 1..=swaps {
        let (began, deadline) = (Instant::now(), Instant::now() + PATIENCE);
        files.next()?;
        kill_process(pid, Signal::HUP)?;
        while swapped.count()? < number {
            daemon.check(deadline, "the policy's new file is taken in")?;
            tokio::time::sleep(LOOK).await;
        }
        took.push(began.elapsed());
        memory.push(process::memory(daemon.process()?)?.resident);
    }
    let to = now();
    // What was decided last reaches the journal with the decisions after it.
    tokio::time::sleep(SLOT * 40).await;
    drop(daemon);

    let mut all = Vec::new();
    decisions::read::<JournalError>(&stage.path().join("state"), |entry| {
        let sha256 = entry.policy.as_ref().map(|policy| policy.sha256.clone()).unwrap_or_default();
        all.push(Decided { at: entry.situation.now, lost: entry.answer.failure().is_some(), sha256 });
        Ok(())
    })?;
    println!("\n  The real daemon: slots of {} ms, 3 endpoints, SIGHUP after each rename", SLOT.as_millis());
    println!(
        "  {:<30}{:>11}{:>9}{:>9}{:>11}{:>11}{:>11}",
        "", "decisions", "late", "lost", "gap p50", "p99", "longest"
    );
    let quiet = print("no swaps", &all, began, from)?;
    let swapped = print(&format!("{swaps} swaps"), &all, from, to)?;
    println!("  Late is over {} ms, two slots, after the one before.", SLOT.as_millis() * 2);
    let took = Sample::new(took)?;
    println!(
        "  A swap, from the file's rename to the log's line: p50 {}, p99 {}.",
        figures::short(took.percentile(50)),
        figures::short(took.percentile(99))
    );
    super::flat("the daemon", &memory)?;
    Ok(quiet + swapped)
}

/// Prints what became of the decisions in a span of time. Those that were lost.
fn print(what: &str, all: &[Decided], from: Time, to: Time) -> anyhow::Result<u32> {
    let span: Vec<&Decided> = all.iter().filter(|decided| from <= decided.at && decided.at < to).collect();
    let gaps: Vec<Duration> = span.windows(2).filter_map(|two| Some(two.last()?.at.since(two.first()?.at))).collect();
    if gaps.is_empty() {
        bail!("the journal has no decisions of the time with {what}");
    }
    let late = gaps.iter().filter(|gap| **gap > SLOT * 2).count();
    let lost = span.iter().filter(|decided| decided.lost).count();
    let changes = span.windows(2).filter(|two| two.first().map(|one| &one.sha256) != two.last().map(|one| &one.sha256));
    let (count, changes, gaps) = (span.len(), changes.count(), Sample::new(gaps)?);
    let [p50, p99, longest] = [50, 99, 100].map(|percent| figures::short(gaps.percentile(percent)));
    println!(
        "  {what:<30}{count:>11}{late:>9}{lost:>9}{p50:>11}{p99:>11}{longest:>11}  {changes} × by another file than the \
         one before"
    );
    Ok(u32::try_from(lost)?)
}

fn now() -> Time {
    dogwatch::clock::Clock::system().now()
}
