//! One call to a policy: through the sandbox, natively, and for a bare instance.

use std::hint::black_box;
use std::time::Duration;

use anyhow::ensure;
use dogwatch_engine::{Action, NodeIndex};
use dogwatch_plugins::{Library, Sandbox, Settings};
use dogwatch_sdk::{policy as guest, testing};
use policy_threshold::Threshold;
use tokio::time::Instant;

use crate::Effort;
use crate::figures::{self, Sample};
use crate::situation::{NODES, OWN_SLOTS, native_situation, situation};

/// Own slots that are missed: as many as make the policy switch.
const MISSED: u64 = 2;

pub(crate) fn run(effort: Effort) -> anyhow::Result<()> {
    let (calls, rare) = match effort {
        Effort::Full => (20_000, 200),
        Effort::Quick => (5_000, 50),
    };
    let began = Instant::now();
    let (library, _) = Library::open(Sandbox::new()?, None);
    let policy = library.policy("threshold")?;
    let compiled = began.elapsed();

    let (settings, situation, native) = (Settings::default(), situation(MISSED)?, native_situation(MISSED));
    let called = policy.decide(&settings, &situation, &[])?;
    let same = testing::decide::<Threshold>(&[], &native).map_err(anyhow::Error::msg)?;
    ensure!(called.value.action == Action::SwitchTo(NodeIndex(1)), "the sandboxed policy does not switch");
    ensure!(same.action == guest::Action::SwitchTo(1), "the native policy does not switch");
    ensure!(called.value.reason == same.reason, "the two do not judge the same situation");

    let natively = measure(calls, || drop(black_box(testing::decide::<Threshold>(&[], black_box(&native)))))?;
    let bare = measure(calls, || drop(black_box(policy.instantiate())))?;
    let sandboxed = measure(calls, || drop(black_box(policy.decide(&settings, black_box(&situation), &[]))))?;

    // As the daemon calls it: once in a while, with cold caches and the sandbox's clock stopped.
    let natively_rare =
        measure_with_pauses(rare, || drop(black_box(testing::decide::<Threshold>(&[], black_box(&native)))))?;
    let sandboxed_rare =
        measure_with_pauses(rare, || drop(black_box(policy.decide(&settings, black_box(&situation), &[]))))?;

    let title = format!(
        "1. One policy call: threshold, {OWN_SLOTS} own slots, {} nodes, verdict me; {calls} calls each, one thread",
        NODES.len()
    );
    figures::heading(&title, ["p50", "p90", "p99", "p50 is"]);
    figures::line("the same logic, native", &natively, natively.percentile(99), &[]);
    figures::line("a bare instance: store, limits, no call", &bare, bare.percentile(99), &[("native", &natively)]);
    let against = [("native", &natively), ("bare", &bare)];
    figures::line("the call through the sandbox", &sandboxed, sandboxed.percentile(99), &against);
    let rest = REST.as_millis();
    let name = format!("native, after a rest of {rest} ms ({rare} calls)");
    figures::line(&name, &natively_rare, natively_rare.percentile(99), &[("native", &natively)]);
    let against = [("native after a rest", &natively_rare), ("sandbox", &sandboxed)];
    figures::line("sandbox, after the same rest", &sandboxed_rare, sandboxed_rare.percentile(99), &against);
    println!(
        "  Fuel of the call: {} units. Reading and compiling the policy: {} ms.",
        called.fuel,
        compiled.as_millis()
    );
    Ok(())
}

/// A pause after which the sandbox's clock has stopped.
const REST: Duration = Duration::from_millis(25);

fn measure_with_pauses(calls: usize, mut call: impl FnMut()) -> anyhow::Result<Sample> {
    let mut took = Vec::with_capacity(calls);
    for _ in 0..calls {
        std::thread::sleep(REST);
        let began = Instant::now();
        call();
        took.push(began.elapsed());
    }
    Sample::new(took)
}

fn measure(calls: usize, mut call: impl FnMut()) -> anyhow::Result<Sample> {
    for _ in 0..calls / 10 {
        call();
    }
    let mut took = Vec::with_capacity(calls);
    for _ in 0..calls {
        let began = Instant::now();
        call();
        took.push(began.elapsed());
    }
    Sample::new(took)
}
