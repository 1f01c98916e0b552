//! `dogwatch status`.

use std::fmt::Write as _;
use std::path::Path;

use dogwatch_client::{
    AlertStatus, BeatState, BeatStatus, ChainStatus, Failure, NodeStatus, PolicyStatus, Status, TripwireState,
    WitnessStatus,
};
use dogwatch_engine::Health;

use crate::cli::common::Format;
use crate::cli::daemon;

pub(super) async fn status(config: &Path, format: Format) -> Result<(), Failure> {
    let status: Status = daemon::of(config)?.get("/status").await?;
    let words = plain(&status).map_err(Failure::other)?;
    format.print(&status, |_| words.trim_end().to_owned())
}

fn seconds(millis: Option<u64>) -> String {
    millis.map_or_else(|| "-".to_owned(), |ms| format!("{}.{} s", ms / 1000, ms % 1000 / 100))
}

fn plain(status: &Status) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "dogwatch {} at {}, on watch since {} UTC", status.version, status.site, status.started_at)?;
    for one in &status.chains {
        chain(&mut out, one)?;
    }
    let outbox = &status.outbox;
    if !status.alerts.is_empty() {
        writeln!(out)?;
        alerts(&mut out, &status.alerts)?;
    }
    for (key, why) in &status.undelivered_pages {
        writeln!(out, "\nNO CHANNEL HAS DELIVERED THE PAGE {key}: {why}")?;
    }
    if let Some(until) = &status.maintenance_until {
        writeln!(out, "\nmaintenance: alerts are held back until {until} UTC")?;
    }
    writeln!(out, "\nalerts: {} delivered, {} waiting, {} given up", outbox.delivered, outbox.pending, outbox.failed)?;
    Ok(out)
}

fn chain(out: &mut String, chain: &ChainStatus) -> std::fmt::Result {
    let head = chain.head.map_or_else(|| "no block seen".to_owned(), |head| format!("block {head}"));
    writeln!(
        out,
        "\nchain {}: {head}, {} old, {:?}, participation {} %",
        chain.name,
        seconds(chain.head_age_ms),
        chain.agreement,
        chain.participation_percent
    )?;
    if chain.clock_offset_ms != 0 {
        let relation = if chain.clock_offset_ms > 0 { "ahead of" } else { "behind" };
        let by = seconds(Some(chain.clock_offset_ms.unsigned_abs()));
        writeln!(out, "  this machine's clock is {by} {relation} the endpoints' clocks; Dogwatch corrects for it")?;
    }
    for endpoint in &chain.endpoints {
        let trouble = endpoint.trouble.as_deref().unwrap_or("ok");
        writeln!(out, "  {}  {} ms  {trouble}", endpoint.name, endpoint.latency_p50_ms.unwrap_or(0))?;
        if let Some(upgrade) = &endpoint.upgrade {
            writeln!(out, "    asked over https, although the configuration says http://: {upgrade}")?;
        }
    }
    alerts(out, &chain.alerts)?;
    for one in &chain.witnesses {
        witness(out, one)?;
    }
    Ok(())
}

fn witness(out: &mut String, witness: &WitnessStatus) -> std::fmt::Result {
    let mode = match witness.mode {
        dogwatch_engine::Mode::Observe => "observe",
        dogwatch_engine::Mode::Armed => "armed",
    };
    writeln!(out, "\nwitness {} ({mode}): {:?}, on duty: {}", witness.name, witness.verdict, witness.on_duty)?;
    writeln!(out, "  own slots {}  next in {}", witness.slots, seconds(witness.next_slot_in_ms))?;
    if let Some(slot) = witness.suspected_miss {
        writeln!(out, "  own slot {slot}: no block yet")?;
    }
    for one in &witness.nodes {
        node(out, one)?;
    }
    if let Some(to) = &witness.switching_to {
        writeln!(out, "  switching to {to}")?;
    }
    if let Some(until) = &witness.paused_until {
        writeln!(out, "  automatic switches are paused until {until} UTC")?;
    }
    if let Some(policy) = &witness.policy {
        let PolicyStatus { name, sha256, fuel, micros } = policy;
        let sum: String = sha256.chars().take(12).collect();
        writeln!(out, "  policy {name} (sha256 {sum}…) decided last, in {micros} µs with {fuel} units of fuel")?;
    }
    if let Some(trouble) = &witness.policy_trouble {
        writeln!(out, "  policy: {trouble}")?;
    }
    for switch in &witness.switches {
        let block = switch.block.map_or_else(|| "-".to_owned(), |block| block.to_string());
        let proof = switch.proof.map_or_else(|| "-".to_owned(), |block| block.to_string());
        writeln!(
            out,
            "  {} UTC  {} -> {}  {:?}, in block {block}, first block {proof}: {}",
            switch.at, switch.from, switch.to, switch.outcome, switch.reason
        )?;
    }
    alerts(out, &witness.alerts)
}

fn node(out: &mut String, node: &NodeStatus) -> std::fmt::Result {
    let duty = if node.on_duty { '*' } else { ' ' };
    let health = match node.health {
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
        Health::Unknown => "unknown",
    };
    let trouble = node.trouble.as_deref().unwrap_or("");
    let since = seconds(Some(node.health_for_ms));
    writeln!(
        out,
        "  {duty} {:<16} {health:<9} for {since}  head {} old  {trouble}",
        node.name,
        seconds(node.head_age_ms)
    )?;
    match node.tripwire.map(|wire| wire.state) {
        Some(TripwireState::GivenUp) => {
            writeln!(
                out,
                "    no tripwire: idle connections to its port are closed within seconds; probes alone watch it"
            )
        }
        Some(TripwireState::Up | TripwireState::Refused | TripwireState::Silent) | None => Ok(()),
    }?;
    let Some(BeatStatus { state, for_ms }) = node.beat else { return Ok(()) };
    let says = match state {
        // That is as it should be.
        BeatState::Running => return Ok(()),
        BeatState::Stalled => "its machine says that its process stands still",
        BeatState::Ended => "its machine says that its process has ended",
        BeatState::NotFound => "its machine does not find its process: see [process] in its beat.toml",
        BeatState::Silent => "its machine is not heard",
    };
    writeln!(out, "    {says}, for {}", seconds(Some(for_ms)))
}

fn alerts(out: &mut String, alerts: &[AlertStatus]) -> std::fmt::Result {
    for alert in alerts {
        writeln!(out, "  ! {} since {} UTC: {}", alert.severity, alert.opened_at, alert.summary)?;
        let command = if alert.command.is_empty() { String::new() } else { format!("  {}", alert.command) };
        writeln!(out, "    {}{command}", alert.remedy)?;
    }
    Ok(())
}
