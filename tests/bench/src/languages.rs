//! One policy in three languages, beside the same logic without a sandbox and beside another sandbox.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Duration;

use anyhow::ensure;
use dogwatch_engine::{Action, NodeIndex, Situation};
use dogwatch_plugins::{Library, PolicyPlugin, Sandbox, Settings};
use dogwatch_sdk::testing;
use patient::Patient;
use tokio::time::Instant;

use crate::Effort;
use crate::extism::{Extism, Reuse};
use crate::figures::{self, Sample};
use crate::situation::{native_situation, situation};
use crate::{guests, stage};

/// Own slots that are missed: as many as make the policy switch.
const MISSED: u64 = 3;
/// All rows are measured in turn, a part of their calls each time, so that a busy machine is so for all of them.
const ROUNDS: u32 = 10;

/// A row of the table.
struct Row<'a> {
    name: String,
    /// Calls in a round.
    calls: u32,
    /// Makes so many calls and says how long each took.
    call: Box<dyn FnMut(u32) -> anyhow::Result<Vec<Duration>> + 'a>,
    took: Vec<Duration>,
}

impl<'a> Row<'a> {
    fn new(name: &str, calls: u32, mut call: impl FnMut() + 'a) -> Self {
        let call = move |count| {
            let timed = |_| {
                let began = Instant::now();
                call();
                began.elapsed()
            };
            Ok((0..count).map(timed).collect())
        };
        Self { name: name.to_owned(), calls, call: Box::new(call), took: Vec::new() }
    }
}

pub(crate) fn run(effort: Effort) -> anyhow::Result<()> {
    let share = match effort {
        Effort::Full => 1,
        Effort::Quick => 4,
    };
    let directory = stage::directory()?;
    let (settings, asked, native) = (Settings::default(), situation(MISSED)?, native_situation(MISSED));
    let expected = testing::decide::<Patient>(&[], &native).map_err(anyhow::Error::msg)?.reason;
    println!("\n6. One policy call in every language: examples/policy and its like, one thread, {ROUNDS} rounds");

    let built = guests::build(directory.path())?;
    let (library, _) = Library::open(Sandbox::new()?, Some(directory.path()));
    let mut plugins: Vec<(&str, PolicyPlugin)> = Vec::new();
    for guest in built.iter().filter(|guest| guest.or_skipped().is_some()) {
        let plugin = library.policy(&guest.name)?;
        agrees(&plugin, &settings, &asked, &expected)?;
        plugins.push((&guest.name, plugin));
    }
    let extism = Extism::start(&asked)?.map(RefCell::new);
    if let Some(extism) = &extism {
        let extism = extism.borrow();
        ensure!(extism.reason == expected, "as an Extism plugin it decides otherwise: {}", extism.reason);
    } else {
        println!("  Left out: Extism: its program is not there. cargo xtask bench languages builds it.");
    }

    let mut rows = vec![Row::new("the same logic, native", 2000 / share, || {
        drop(black_box(testing::decide::<Patient>(&[], black_box(&native))));
    })];
    for (name, plugin) in &plugins {
        let (settings, asked) = (&settings, &asked);
        let calls = if name.ends_with("rust") { 2000 } else { 50 };
        if name.ends_with("rust") {
            let name = "a bare instance of the Rust one, no call";
            rows.push(Row::new(name, calls / share, move || drop(black_box(plugin.instantiate()))));
        }
        rows.push(Row::new(name, calls / share, move || {
            drop(black_box(plugin.decide(settings, black_box(asked), &[])));
        }));
    }
    if let Some(extism) = &extism {
        for (name, reuse) in
            [("Extism, a fresh plugin each", Reuse::Fresh), ("Extism, one plugin reused", Reuse::Reused)]
        {
            let call = Box::new(move |count| extism.borrow_mut().calls(reuse, count));
            rows.push(Row { name: name.to_owned(), calls: 500 / share, call, took: Vec::new() });
        }
    }
    for row in &mut rows {
        (row.call)(row.calls.div_ceil(5))?;
    }
    for _ in 0..ROUNDS {
        for row in &mut rows {
            let took = (row.call)(row.calls)?;
            row.took.extend(took);
        }
    }
    print(rows)
}

/// Fails unless the plugin decides as the native policy does.
fn agrees(plugin: &PolicyPlugin, settings: &Settings, asked: &Situation, expected: &str) -> anyhow::Result<()> {
    let said = plugin.decide(settings, asked, &[])?.value;
    ensure!(said.action == Action::SwitchTo(NodeIndex(1)), "{} does not switch: {}", plugin.name(), said.reason);
    ensure!(said.reason == expected, "{} does not judge as the others do: {}", plugin.name(), said.reason);
    Ok(())
}

fn print(rows: Vec<Row<'_>>) -> anyhow::Result<()> {
    figures::columns(["p50", "p90", "p99", "p50 is"]);
    let mut samples: Vec<(String, Sample)> = Vec::new();
    for row in rows {
        let name = format!("{} ({} ×)", row.name, row.took.len());
        samples.push((name, Sample::new(row.took)?));
    }
    let find = |start: &str| samples.iter().find(|(name, _)| name.starts_with(start)).map(|(_, sample)| sample);
    let baselines = [("native", "the same logic"), ("bare", "a bare"), ("Extism", "Extism, a fresh")];
    for (name, sample) in &samples {
        let all = baselines.iter().filter(|(_, start)| !name.starts_with(start));
        let against: Vec<(&str, &Sample)> = all.filter_map(|(short, start)| Some((*short, find(start)?))).collect();
        let against = if name.starts_with("the same logic") { &[][..] } else { &against[..] };
        figures::line(name, sample, sample.percentile(99), against);
    }
    Ok(())
}
