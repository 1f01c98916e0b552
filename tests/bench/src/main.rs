//! The benchmarks. Each figure comes with a baseline from the same run, and none is asserted.
//!
//! `dogwatch-bench [--quick] [policy] [switch] [idle] [gateway] [kills] [languages] [swaps] [start]` runs those named, or all of them. It measures the
//! `dogwatch` beside this program, so build both with the same profile.

#![expect(clippy::arithmetic_side_effects, reason = "sums of a benchmark's own figures")]

mod counted;
mod daemon;
mod extism;
mod figures;
mod gateway;
mod guests;
mod http;
mod idle;
mod kills;
mod languages;
mod load;
mod measured;
mod policy;
mod process;
mod proxies;
mod proxy_configs;
mod server;
mod sink;
mod situation;
mod stage;
mod start;
mod store;
mod swaps;
mod switch;

use anyhow::bail;

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    Full,
    Quick,
}

const NAMES: [&str; 8] = ["policy", "switch", "idle", "gateway", "kills", "languages", "swaps", "start"];

fn main() -> anyhow::Result<()> {
    let mut effort = Effort::Full;
    let mut wanted = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => effort = Effort::Quick,
            name if NAMES.contains(&name) => wanted.push(argument),
            other => bail!("{other} is no benchmark; there are: {}, and --quick", NAMES.join(", ")),
        }
    }
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    figures::machine()?;
    if wants("policy") {
        policy::run(effort)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if wants("switch") {
        runtime.block_on(switch::run(effort))?;
    }
    if wants("idle") {
        runtime.block_on(idle::run(effort))?;
    }
    if wants("gateway") {
        runtime.block_on(gateway::run(effort))?;
    }
    if wants("kills") {
        runtime.block_on(kills::run(effort))?;
    }
    if wants("languages") {
        languages::run(effort)?;
    }
    if wants("swaps") {
        runtime.block_on(swaps::run(effort))?;
    }
    if wants("start") {
        runtime.block_on(start::run(effort))?;
    }
    Ok(())
}
