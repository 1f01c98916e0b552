//! The example policy as an Extism plugin, for the benchmark of languages, which starts this and speaks to it in lines.
//!
//! The first line is a situation as JSON; the answer is the reason of the decision. Each further line is `fresh N` or `reused N`; the
//! answer is the nanoseconds of N calls. `fresh` makes a plugin for each call, from what was compiled once, as the sandbox of Dogwatch
//! makes an instance; `reused` calls one plugin again and again.

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use anyhow::{Context as _, bail};
use dogwatch_engine::{Decision, Situation};
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};

/// The plugin, beside this program.
const GUEST: &str = "bench_extism_guest.wasm";

fn main() -> anyhow::Result<()> {
    let guest = std::env::current_exe()?.with_file_name(GUEST);
    // Extism caches only where it is told to; the compiled plugin is held here all the while.
    let builder = PluginBuilder::new(Manifest::new([Wasm::file(&guest)])).with_cache_disabled();
    let compiled = builder.compile().with_context(|| format!("{} does not compile", guest.display()))?;
    let mut reused = Plugin::new_from_compiled(&compiled)?;
    let mut lines = std::io::stdin().lock().lines();
    let situation: Situation = serde_json::from_str(&lines.next().context("no situation came")??)?;
    answer(&decide(&mut reused, &situation)?.reason)?;
    for line in lines {
        let line = line?;
        let (what, count) = line.split_once(' ').context("a line is: fresh N, or reused N")?;
        let mut took = Vec::new();
        for _ in 0..count.parse::<u32>()? {
            let began = Instant::now();
            match what {
                "fresh" => drop(std::hint::black_box(fresh(&compiled, &situation)?)),
                "reused" => drop(std::hint::black_box(decide(&mut reused, &situation)?)),
                other => bail!("{other} is neither fresh nor reused"),
            }
            took.push(u64::try_from(began.elapsed().as_nanos())?);
        }
        answer(&serde_json::to_string(&took)?)?;
    }
    Ok(())
}

fn fresh(compiled: &CompiledPlugin, situation: &Situation) -> anyhow::Result<Decision> {
    decide(&mut Plugin::new_from_compiled(compiled)?, situation)
}

/// One call, from a situation to a decision: as JSON both ways.
fn decide(plugin: &mut Plugin, situation: &Situation) -> anyhow::Result<Decision> {
    let asked = serde_json::to_vec(situation)?;
    let said: Vec<u8> = plugin.call("decide", asked)?;
    Ok(serde_json::from_slice(&said)?)
}

fn answer(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
