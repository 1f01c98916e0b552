//! From evidence to broadcast: how long after the answers that show the last missed block is the transaction sent?

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

use crate::Effort;
use crate::daemon::{Daemon, PATIENCE};
use crate::figures::{self, Sample};
use crate::server::{Exchange, Kind, Server};
use crate::stage::{Stage, WITNESS};
use crate::store::Disk;

const SLOT: Duration = Duration::from_millis(100);
const ROUND: u32 = 5;
const ENDPOINTS: usize = 3;
/// Round trips and commits after each switch, for the baselines. They run between the switches, at the daemon's pace:
/// back to back, with warm caches and a busy disk, both are many times cheaper, and a minute later the same disk may be
/// ten times slower.
const BASELINE: u32 = 10;

/// Rails that let one switch follow another at once, since the way through them is what is measured.
const WITNESS_LINES: &str = "probe_interval = \"100ms\"\nrails = { budget = 32, cool_down = \"0s\", \
    own_slot_guard = \"0s\", min_participation_percent = 0 }";

/// The switches as the endpoints see them, and the baselines measured between them.
#[derive(Debug, Default)]
struct SwitchTimes {
    whole: Vec<Duration>,
    /// From the poll's last answer to the request for blocks.
    to_blocks: Vec<Duration>,
    /// From that request to its answer: the endpoint's own time.
    blocks: Vec<Duration>,
    /// From that answer to the transaction.
    to_transaction: Vec<Duration>,
    body: String,
    bare: Vec<Duration>,
    commits: Vec<Duration>,
}

pub(crate) async fn run(effort: Effort) -> anyhow::Result<()> {
    let switches = match effort {
        Effort::Full => 24,
        Effort::Quick => 8,
    };
    let stage = Stage::set(SLOT, ROUND).await?;
    let server = Server::start(&stage.devnet.handle(), ENDPOINTS).await?;
    let mut daemon = Daemon::start(&stage.write(&server.urls(), WITNESS_LINES)?)?;
    daemon.ready().await?;
    let mut disk = Disk::open()?;
    let mut times = SwitchTimes::default();
    let mut known = BTreeSet::new();
    for _ in 0..switches {
        switch_once(&stage, &server, &mut daemon, &mut known, &mut times).await?;
        // Meanwhile a block of the new node proves the switch, so that the next one can begin.
        for _ in 0..BASELINE {
            tokio::time::sleep(SLOT * (ROUND * 3) / BASELINE).await;
            times.bare.push(server.bare(&times.body).await?);
            times.commits.push(disk.commit().await?);
        }
        daemon.ready().await?;
    }
    drop(daemon);
    let (bare, commit) = (Sample::new(times.bare)?, Sample::new(times.commits)?);
    let whole = Sample::new(times.whole)?;

    let title = format!(
        "2. From the poll's last answer to the transaction's first byte: {} switches of the real daemon, {ENDPOINTS} \
         endpoints on loopback, slots of {} ms",
        whole.len(),
        SLOT.as_millis()
    );
    figures::heading(&title, ["p50", "p90", "max", "p50 is"]);
    figures::line("a bare POST of the same bytes, and its answer", &bare, bare.max(), &[]);
    figures::line("one commit of the store, synced to disk", &commit, commit.max(), &[("bare POST", &bare)]);
    let against = [("bare POST", &bare), ("commit", &commit)];
    figures::line("answers there → transaction's first byte", &whole, whole.max(), &against);
    let parts = [
        ("of it: answers there → asks for new blocks", times.to_blocks),
        ("of it: the endpoint's time for the blocks", times.blocks),
        ("of it: blocks there → transaction", times.to_transaction),
    ];
    for (name, durations) in parts {
        // Usually the poll brings the block, and none has to be requested.
        let Ok(part) = Sample::new(durations) else { continue };
        let name = &format!("{name} ({} ×)", part.len());
        figures::line(name, &part, part.max(), &[("the whole", &whole)]);
    }
    Ok(())
}

/// Crashes the node that holds the key, and waits until another one has the key and has produced.
async fn switch_once(
    stage: &Stage,
    server: &Server,
    daemon: &mut Daemon,
    known: &mut BTreeSet<String>,
    times: &mut SwitchTimes,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let handle = stage.devnet.handle();
    let dying = stage.on_duty().context("no node is on duty")?;
    handle.crash(WITNESS, &dying)?;
    let mut seen: Vec<Exchange> = Vec::new();
    while !record(&seen, known, times) {
        daemon.check(deadline, "a transaction is broadcast")?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        seen.append(&mut server.take());
    }
    while stage.on_duty().as_ref() == Some(&dying) {
        daemon.check(deadline, "the switch is in a block")?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(handle.restart(WITNESS, &dying)?)
}

/// Records the times of a transaction not seen before, if there is one.
fn record(seen: &[Exchange], known: &mut BTreeSet<String>, times: &mut SwitchTimes) -> bool {
    let first = |exchange: &&Exchange| match &exchange.kind {
        Kind::Broadcast { transaction, .. } => !known.contains(transaction),
        _ => false,
    };
    let Some(sent) = seen.iter().filter(first).min_by_key(|exchange| exchange.asked) else { return false };
    let Kind::Broadcast { body, transaction } = &sent.kind else { return false };
    known.insert(transaction.clone());
    let before = |kind: Kind| {
        let earlier = seen.iter().filter(move |one| one.kind == kind && one.answered <= sent.asked);
        earlier.max_by_key(|one| one.answered)
    };
    let Some(polled) = before(Kind::Poll) else { return true };
    times.body.clone_from(body);
    times.whole.push(sent.asked - polled.answered);
    if let Some(blocks) = before(Kind::Blocks).filter(|blocks| blocks.asked >= polled.answered) {
        times.to_blocks.push(blocks.asked - polled.answered);
        times.blocks.push(blocks.answered - blocks.asked);
        times.to_transaction.push(sent.asked - blocks.answered);
    }
    true
}
