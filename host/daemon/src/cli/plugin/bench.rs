//! `dogwatch plugin bench`.

use std::path::Path;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::Failure;
use dogwatch_plugins::{AnyPlugin, Library, PolicyPlugin, Scenario, Settings, scenarios};
use serde::Serialize;

use super::check::{WITNESS, given_settings};
use crate::cli::common::Format;
use crate::clock::Clock;
use crate::plugin_cache;

/// What decisions in one situation cost.
#[derive(Debug, Serialize)]
struct Cost {
    situation: &'static str,
    fuel: u64,
    memory_bytes: usize,
    p50_us: f64,
    p99_us: f64,
    /// Why there is no decision.
    problem: Option<String>,
}

pub(super) fn run(
    file: &Path,
    settings: Option<&Path>,
    times: u32,
    format: Format,
    clock: Clock,
) -> Result<(), Failure> {
    let settings = given_settings(settings)?.unwrap_or_default();
    let sandbox = plugin_cache::authors_sandbox().map_err(Failure::other)?;
    let plugin = Library::load_file(sandbox, file).map_err(Failure::input)?;
    let AnyPlugin::Policy(policy) = plugin else {
        return Err(Failure::input(format!("{} is a channel: only policies are measured", file.display())));
    };
    policy.check(&settings).map_err(Failure::input)?;
    let scenarios = scenarios(&AccountName::new(WITNESS).map_err(Failure::other)?);
    let costs: Vec<Cost> = scenarios.iter().map(|scenario| cost(&policy, &settings, scenario, times, clock)).collect();
    format.print(&costs, |costs| words(costs))
}

fn cost(policy: &PolicyPlugin, settings: &Settings, scenario: &Scenario, times: u32, clock: Clock) -> Cost {
    let mut cost = Cost { situation: scenario.name, fuel: 0, memory_bytes: 0, p50_us: 0.0, p99_us: 0.0, problem: None };
    let mut took: Vec<Duration> = Vec::new();
    for _ in 0..times {
        let began = clock.uptime();
        match policy.decide(settings, &scenario.situation, &[]) {
            Ok(called) => {
                took.push(clock.uptime().since(began));
                (cost.fuel, cost.memory_bytes) = (called.fuel, called.memory);
            }
            Err(error) => {
                cost.problem = Some(error.fault.to_string());
                break;
            }
        }
    }
    took.sort_unstable();
    let at = |percent: usize| {
        let index = took.len().saturating_sub(1).saturating_mul(percent).checked_div(100).unwrap_or_default();
        took.get(index).copied().unwrap_or_default().as_secs_f64() * 1e6
    };
    (cost.p50_us, cost.p99_us) = (at(50), at(99));
    cost
}

fn words(costs: &[Cost]) -> String {
    let mut lines = vec![format!("{:>10} {:>9} {:>9} {:>9}  situation", "fuel", "µs p50", "µs p99", "KiB")];
    lines.extend(costs.iter().map(|cost| match &cost.problem {
        Some(problem) => format!("{:>40}  {}: {problem}", "no decision", cost.situation),
        None => format!(
            "{:>10} {:>9.1} {:>9.1} {:>9}  {}",
            cost.fuel,
            cost.p50_us,
            cost.p99_us,
            cost.memory_bytes >> 10,
            cost.situation
        ),
    }));
    lines.join("\n")
}
