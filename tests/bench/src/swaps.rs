//! A policy's file is replaced again and again while it decides.
//!
//! Twice: in this process, where decisions can be due every ten milliseconds; and in the real daemon, on the shortest slots of a devnet.

mod daemon;
mod deciding;
mod files;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use dogwatch::chain::policy::{Policies, Policy, PolicyRole};
use dogwatch::clock::Clock;
use dogwatch::decisions::DecisionJournal;
use dogwatch_engine::{PolicyMemory, Situation};
use dogwatch_plugins::{Compiler, Library, LibraryChange, Sandbox, Settings, scenarios};
use tokio::time::Instant;

use crate::figures;
use crate::situation::situation;
use crate::{Effort, process, stage};
use deciding::{Deciding, Tally};
use files::{NAME, PolicyFiles};

/// How often a decision is due.
const TICK: Duration = Duration::from_millis(10);
/// Ticks without a swap, for the baseline.
const BASELINE: u32 = 500;
/// Swaps after which the memory is the baseline: what is made once has been made.
const WARM: usize = 100;
/// What memory may grow by from the first hundred swaps to the last hundred, in KiB: below what one swap would cost if it leaked its
/// machine code, times ten.
const FLAT: u64 = 4 << 10;

pub(crate) async fn run(effort: Effort) -> anyhow::Result<()> {
    let swaps = match effort {
        Effort::Full => 1000,
        Effort::Quick => 300,
    };
    println!("\n7. {swaps} swaps of a policy's file, threshold and proactive in turn, while decisions run");
    let directory = stage::directory()?;
    let here = in_process(directory.path(), swaps)?;
    let there = daemon::run(swaps).await?;
    ensure!(here == 0 && there == 0, "decisions were lost: {here} in this process, {there} in the daemon");
    Ok(())
}

/// What the daemon does when it looks at the plugin directory, as fast as it can, beside a thread that decides. Decisions lost.
fn in_process(directory: &std::path::Path, swaps: usize) -> anyhow::Result<u32> {
    let (plugins, cache) = (directory.join("plugins"), directory.join("cache"));
    std::fs::create_dir(&plugins)?;
    std::fs::create_dir(&cache)?;
    let mut files = PolicyFiles::new(&plugins)?;
    files.next()?;
    let compiler = Compiler::outside(crate::daemon::path()?, ["compile-plugin".into()]).keeping_in(&cache);
    let (library, _) = Library::open(Sandbox::with_compiler(compiler)?, Some(&plugins));
    let (settings, asked) = (Settings::default(), situation(2)?);
    let first = Policy::Ready(library.policy(NAME)?);
    let journal = DecisionJournal::start("bench", directory);
    let policies = Policies::new(first, None, settings.clone(), Clock::system(), journal);

    let deciding = Deciding::start(policies, asked.clone(), TICK);
    std::thread::sleep(TICK * BASELINE);
    let quiet = deciding.tally()?;
    let (mut took, mut memory) = (Vec::with_capacity(swaps), Vec::with_capacity(swaps));
    for _ in 0..swaps {
        let began = Instant::now();
        files.next()?;
        let policy = swap(&library, &settings, &asked)?;
        deciding.replace(policy)?;
        took.push(began.elapsed());
        // Each file decides once at least.
        deciding.wait_for_a_decision()?;
        memory.push(process::memory(std::process::id())?.resident);
    }
    let swapped = deciding.tally()?;
    let seen = deciding.files_seen()?;
    drop(deciding);

    let title = format!("Decisions every {} ms in this process, by two files in turn", TICK.as_millis());
    println!("\n  {title}");
    println!("  {:<30}{:>11}{:>9}{:>9}{:>11}{:>11}{:>11}", "", "decisions", "late", "lost", "p50", "p99", "longest");
    quiet.print("no swaps")?;
    swapped.print(&format!("{swaps} swaps"))?;
    println!("  Late is over {} ms after it was due. Files that decided: {seen} of {}.", TICK.as_millis(), swaps + 1);
    let took = figures::Sample::new(took)?;
    println!(
        "  A swap, from the file's rename to the policy in force: p50 {}, p99 {}.",
        figures::short(took.percentile(50)),
        figures::short(took.percentile(99))
    );
    flat("this process", &memory)?;
    Ok(quiet.lost + swapped.lost)
}

/// Takes in the new file as `host/daemon/src/run/plugins.rs` does: found, loaded, checked, tried, handed on.
fn swap(library: &Library, settings: &Settings, present: &Situation) -> anyhow::Result<Policy> {
    let changes = library.refresh();
    ensure!(matches!(changes.as_slice(), [LibraryChange::Reloaded { .. }]), "the file was not taken in: {changes:?}");
    let plugin = library.policy(NAME)?;
    plugin.check(settings)?;
    plugin.decide(settings, present, &[])?;
    match Policy::Ready(plugin).tried_on(settings, &scenarios(&present.witness), &PolicyMemory::default()) {
        Policy::Ready(plugin) => Ok(Policy::Ready(plugin)),
        Policy::Broken(why) => anyhow::bail!("a policy that works was refused: {why}"),
    }
}

/// Prints the memory of the first and of the last swaps, in KiB; fails if it has grown.
fn flat(what: &str, memory: &[u64]) -> anyhow::Result<()> {
    let most = |swaps: &[u64]| swaps.iter().max().copied().context("there were too few swaps");
    let first = most(memory.get(..WARM).context("there were too few swaps")?)?;
    let last = most(memory.get(memory.len() - WARM..).context("there were too few swaps")?)?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!(
        "  Resident in {what}, at most: {:.1} MiB in the first {WARM} swaps, {:.1} MiB in the last {WARM}; flat is below \
         {:.0} MiB more.",
        mib(first),
        mib(last),
        mib(FLAT)
    );
    ensure!(last <= first + FLAT, "the memory of {what} is not flat");
    Ok(())
}

/// A message to the thread that decides.
enum Order {
    Replace(Box<Policy>),
    Tally(std::sync::mpsc::Sender<Tally>),
    Seen(std::sync::mpsc::Sender<usize>),
    NextDecision(std::sync::mpsc::Sender<()>),
}

/// Puts the policy in the place of the one before.
fn replace(policies: &mut Policies, policy: Policy) {
    policies.replace(PolicyRole::Configured, policy);
}
