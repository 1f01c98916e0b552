//! What the daemon costs at rest.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use crate::Effort;
use crate::counted::{Relay, Traffic};
use crate::daemon::{self, Daemon};
use crate::process::{self, Memory, Thread};
use crate::stage::Stage;

const SLOT: Duration = Duration::from_secs(3);
const ROUND: u32 = 21;

pub(crate) async fn run(effort: Effort) -> anyhow::Result<()> {
    let span = match effort {
        Effort::Full => Duration::from_secs(60),
        Effort::Quick => Duration::from_secs(15),
    };
    let stage = Stage::set(SLOT, ROUND).await?;
    let config = stage.write(&stage.devnet.rpc_urls(), "")?;
    let relays = relays(&stage, &config).await?;
    let mut daemon = Daemon::start(&config)?;
    daemon.ready().await?;
    let (sleep, stopped) = (sleep().await?, stopped().await?);

    let watched = daemon.process()?;
    let node_before = relays.first().map(Relay::traffic).unwrap_or_default();
    let (before, threads_before) = (process::processor(watched)?, process::threads(watched)?);
    tokio::time::sleep(span).await;
    let (after, threads_after) = (process::processor(watched)?, process::threads(watched)?);
    let memory = process::memory(watched)?;
    let node_after = relays.first().map(Relay::traffic).unwrap_or_default();

    println!(
        "\n3. The daemon while nothing happens: {} s, 1 chain with slots of {} s, 3 endpoints, 1 witness of 3 probed \
         nodes, 1 webhook channel",
        span.as_secs(),
        SLOT.as_secs()
    );
    println!("  {:<36}{:>11}{:>11}{:>11}{:>11}  RSS is", "MiB", "RSS", "peak RSS", "anonymous", "files");
    line("sleep", sleep, sleep);
    line("dogwatch, waiting for input", stopped, sleep);
    line("dogwatch run", memory, sleep);
    let share = |spent: Duration| spent.as_secs_f64() / span.as_secs_f64() * 100.0;
    println!(
        "  Processor: {:.2} % of one core (user and system time, counted in hundredths of a second).",
        share(after.saturating_sub(before))
    );
    let Traffic { connections, to, from } = node_after.since(node_before);
    let each = |count: u64| count as f64 / span.as_secs_f64();
    println!(
        "  Each second a probed node is asked over {:.2} new connections, gets {:.0} bytes and sends {:.0}.",
        each(connections),
        each(to),
        each(from)
    );
    println!("  {:<36}{:>11}{:>14}", "By thread", "% of a core", "wake-ups per s");
    for (name, spent, waits) in spent(&threads_before, &threads_after) {
        println!("  {name:<36}{:>11.3}{:>14.1}", share(spent), waits / span.as_secs_f64());
    }
    Ok(())
}

/// Puts a relay that counts before each node.
async fn relays(stage: &Stage, config: &Path) -> anyhow::Result<Vec<Relay>> {
    let (mut text, mut relays) = (std::fs::read_to_string(config)?, Vec::new());
    for node in stage.node_urls() {
        let relay = Relay::to(&node).await?;
        text = text.replace(&node, &format!("http://{}", relay.address));
        relays.push(relay);
    }
    std::fs::write(config, text)?;
    Ok(relays)
}

fn line(what: &str, memory: Memory, baseline: Memory) {
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!(
        "  {what:<36}{:>11.1}{:>11.1}{:>11.1}{:>11.1}  {:.1} × sleep",
        mib(memory.resident),
        mib(memory.peak),
        mib(memory.anonymous),
        mib(memory.file),
        mib(memory.resident) / mib(baseline.resident).max(f64::MIN_POSITIVE),
    );
}

/// The processor time of each thread that is still there, busiest first. Threads of the same name count as one.
fn spent(before: &[Thread], after: &[Thread]) -> Vec<(String, Duration, f64)> {
    let mut all: Vec<(String, Duration, f64)> = Vec::new();
    for thread in after {
        let earlier = before.iter().find(|earlier| earlier.id == thread.id);
        let processor = thread.processor.saturating_sub(earlier.map_or(Duration::ZERO, |earlier| earlier.processor));
        let waits = (thread.waits - earlier.map_or(0, |earlier| earlier.waits)) as f64;
        match all.iter_mut().find(|(name, ..)| *name == thread.name) {
            Some((_, spent, count)) => (*spent, *count) = (*spent + processor, *count + waits),
            None => all.push((thread.name.clone(), processor, waits)),
        }
    }
    all.sort_by_key(|(_, spent, _)| std::cmp::Reverse(*spent));
    all
}

/// A process that does nothing.
async fn sleep() -> anyhow::Result<Memory> {
    let child = Command::new("sleep").arg("60").kill_on_drop(true).spawn().context("there is no sleep")?;
    settled(child).await
}

/// The program before it does anything: it waits for a transaction on standard input.
async fn stopped() -> anyhow::Result<Memory> {
    let mut command = daemon::program()?;
    settled(command.args(["tx", "inspect", "-"]).stdin(Stdio::piped()).spawn()?).await
}

async fn settled(mut child: Child) -> anyhow::Result<Memory> {
    tokio::time::sleep(Duration::from_millis(500)).await;
    let memory = process::memory(child.id().context("the baseline process has ended")?);
    child.kill().await?;
    memory
}
