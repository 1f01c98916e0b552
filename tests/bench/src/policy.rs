//! One call to a policy: through the sandbox, natively, and for a bare instance.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use dogwatch_chain::{AccountName, BlockNum, Slot, Time};
use dogwatch_engine::{
    Action, Agreement, ChainView, Evidence, Grade, Health, Holder, Mode, NextSlot, NodeIndex, NodeView, OwnSlot,
    Situation, SlotOutcome, Source, Verdict,
};
use dogwatch_plugins::{Library, Sandbox, Settings};
use dogwatch_sdk::{policy as guest, testing};
use policy_threshold::Threshold;
use tokio::time::Instant;

use crate::Effort;
use crate::figures::{self, Sample};

const NODES: [&str; 3] = ["primary", "standby-1", "standby-2"];
const HEAD_SLOT: u64 = 10_000;
const ROUND: u64 = 21;
/// The number of own slots, the last two of which are missed.
const OWN_SLOTS: u64 = 10;
const MISSED: u64 = 2;
const INTERVAL: Duration = Duration::from_secs(3);

pub(crate) fn run(effort: Effort) -> anyhow::Result<()> {
    let (calls, rare) = match effort {
        Effort::Full => (20_000, 200),
        Effort::Quick => (5_000, 50),
    };
    let began = Instant::now();
    let (library, _) = Library::open(Sandbox::new()?, None);
    let policy = library.policy("threshold")?;
    let compiled = began.elapsed();

    let (settings, situation, native) = (Settings::default(), situation()?, native_situation());
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

fn own_slots() -> impl Iterator<Item = (u64, bool)> {
    (0..OWN_SLOTS).map(|own| (HEAD_SLOT - 1 - ROUND * (OWN_SLOTS - 1 - own), own + MISSED >= OWN_SLOTS))
}

/// The primary has missed two slots in a row, and both standbys are ready.
fn situation() -> anyhow::Result<Situation> {
    let time = |slot: u64| Time::from_millis(testing::time_of(slot));
    let holder = Holder::Node(NodeIndex(0));
    let slot = |(slot, missed): (u64, bool)| OwnSlot {
        slot: Slot(slot),
        time: time(slot),
        outcome: if missed { SlotOutcome::Missed } else { SlotOutcome::Produced },
        holder,
    };
    let node = |name: &str| NodeView {
        name: name.to_owned(),
        health: Health::Healthy,
        health_for: Duration::from_secs(600),
        head_age: Some(Duration::ZERO),
        eligible: true,
        evidence: vec![Evidence { source: Source::Probe, grade: Grade::Good, lasts: Duration::from_secs(600) }],
        missed_for_others: None,
    };
    let upcoming = |n: u32| NextSlot { slot: Slot(HEAD_SLOT + u64::from(n)), starts_in: INTERVAL * n };
    Ok(Situation {
        now: time(HEAD_SLOT),
        mode: Mode::Armed,
        site: "home".to_owned(),
        chain: "hive".to_owned(),
        witness: AccountName::new("alice").context("a name")?,
        block_interval: INTERVAL,
        round_length: u32::try_from(ROUND)?,
        verdict: Verdict::Me,
        view: ChainView {
            head: BlockNum(9_990),
            head_slot: Slot(HEAD_SLOT),
            head_age: Duration::ZERO,
            irreversible: BlockNum(9_980),
            participation: 128,
            agreement: Agreement::Agreed,
            endpoints_fresh: 3,
            endpoints_total: 3,
        },
        holder,
        holder_since: None,
        slots: own_slots().map(slot).collect(),
        next_slots: vec![upcoming(15), upcoming(32)],
        suspected_miss: None,
        unscheduled: Some(upcoming(42)),
        lands: Some(upcoming(1)),
        nodes: NODES.into_iter().map(node).collect(),
        switches: Vec::new(),
        switching: false,
        paused_until: None,
    })
}

/// The same situation in the types of the policy itself.
fn native_situation() -> guest::Situation {
    let outcome = |missed| if missed { guest::Outcome::Missed } else { guest::Outcome::Produced };
    let slots = own_slots().map(|(slot, missed)| testing::own_slot(slot, outcome(missed), guest::Holder::Node(0)));
    guest::Situation { verdict: guest::Verdict::Me, slots: slots.collect(), ..testing::situation(NODES) }
}
