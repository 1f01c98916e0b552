//! `dogwatch demo`: on a simulated chain the primary dies and a standby takes over; then that one dies as well.
//!
//! Or it replays the night of 28 July 2018: `http://` in the configuration, and an endpoint that demands https.
//!
//! The daemon is this same binary in a separate process, with a configuration like an operator's. The demo only
//! observes the chain, the daemon's log, and the alerts that arrive.

mod front;
mod picture;
mod report;
mod scenario;
mod sink;
mod stage;

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_client::{Exit, Failure};
use dogwatch_devnet::Snapshot;
use dogwatch_engine::{Agreement, Health};
use dogwatch_rpc::Clock;
use tokio::time::Instant;

use picture::Picture;
use report::{Crash, Report};
use scenario::Breakdown;
pub use scenario::Scenario;
use stage::{NODES, Stage, WITNESS};

/// The longest that any step of the demo takes, in rounds; a slow machine gets some seconds more.
const PATIENCE_ROUNDS: u32 = 10;

/// A crash so many slots before the own one costs no block.
const FAR: u32 = 6;

/// What becomes of the demo's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoFiles {
    /// They are removed at the end.
    Removed,
    /// They are kept, and the demo prints where they are.
    Kept,
}

/// Runs the demo with slots of this length.
///
/// # Errors
///
/// When the demo cannot be set up, or when an invariant does not hold.
pub async fn run(scenario: Scenario, slot: Duration, files: DemoFiles, clock: Clock) -> Result<(), Failure> {
    let mut stage = Stage::set(scenario, slot, files).await.map_err(Failure::other)?;
    let mut picture = Picture::new();
    picture.say("A devnet is running, with the witness alice, its primary and two standbys.");
    picture.say(scenario.opening());
    picture.say(&format!("Configuration: {}", stage.config_path().display()));
    let played = play(scenario, &mut stage, &mut picture, clock).await;
    picture.finish();
    stage.stop().await;
    if files == DemoFiles::Kept {
        println!("The demo's files are in {}.", stage.keep().display());
    }
    let crashes = played?;
    let report = Report::new(scenario, &stage.snapshot(), &crashes, &stage.alerts());
    println!("\n{report}");
    if report.holds() { Ok(()) } else { Err(Failure::with(Exit::Invariant, "an invariant did not hold, see above")) }
}

/// How long the demo has waited for something, and how long it will.
struct Patience {
    since: Instant,
    limit: Duration,
}

impl Patience {
    fn new(stage: &Stage) -> Self {
        let rounds = stage.round().saturating_mul(PATIENCE_ROUNDS);
        Self { since: Instant::now(), limit: rounds.saturating_add(Duration::from_secs(20)) }
    }
}

async fn play(
    scenario: Scenario,
    stage: &mut Stage,
    picture: &mut Picture,
    clock: Clock,
) -> Result<Vec<Crash>, Failure> {
    picture.say("Waiting until Dogwatch sees an agreed chain, fit nodes and a block by alice.");
    ready(stage, picture).await?;
    let mut crashes = Vec::new();
    let nodes = NODES.iter().zip(NODES.iter().skip(1));
    for ((dying, next), breakdown) in nodes.zip(scenario.breakdowns()) {
        if *breakdown == Breakdown::Killed {
            picture.say("One crash in twenty meets alice's very next slot, which nobody can save. This one does not.");
            slot_is_far(stage, picture).await?;
        }
        let at = clock.now();
        stage.strike(dying, *breakdown).map_err(Failure::other)?;
        picture.say(&format!("CRASH: {dying} {breakdown}."));
        until(stage, picture, &format!("{next} takes over"), |snapshot, _| produced_since(snapshot, next, at)).await?;
        picture.say(&format!("{next} has produced its first block: alice is back."));
        crashes.push(Crash { node: dying, breakdown: *breakdown, successor: next, at });
    }
    until(stage, picture, "every alert is delivered", |_, stage| stage.resolved() >= crashes.len()).await?;
    Ok(crashes)
}

fn produced_since(snapshot: &Snapshot, node: &str, at: Time) -> bool {
    snapshot.slots.iter().any(|slot| slot.time > at && picture::producer(slot) == Some(node))
}

/// Waits until the daemon's status shows that it could switch if it had to.
async fn ready(stage: &mut Stage, picture: &mut Picture) -> Result<(), Failure> {
    let patience = Patience::new(stage);
    loop {
        if let Some(status) = stage.status().await
            && let Some(chain) = status.chains.first()
            && let Some(witness) = chain.witnesses.first()
        {
            let fit = witness.nodes.iter().all(|node| node.health == Health::Healthy);
            let seen = matches!(chain.agreement, Agreement::Agreed | Agreement::Single);
            if seen && fit && witness.slots.ends_with('+') {
                return Ok(());
            }
        }
        step(stage, picture, &patience, "Dogwatch is ready").await?;
    }
}

/// Waits until the next own slot is not among the next few.
async fn slot_is_far(stage: &mut Stage, picture: &mut Picture) -> Result<(), Failure> {
    let patience = Patience::new(stage);
    loop {
        let status = stage.status().await;
        let witness = status.as_ref().and_then(|status| status.chains.first()?.witnesses.first());
        let next = witness.and_then(|witness| witness.next_slot_in_ms).map(Duration::from_millis);
        if next.is_some_and(|next| next > stage.slot().saturating_mul(FAR)) {
            return Ok(());
        }
        step(stage, picture, &patience, "alice's slot is over").await?;
    }
}

async fn until(
    stage: &mut Stage,
    picture: &mut Picture,
    what: &str,
    holds: impl Fn(&Snapshot, &Stage) -> bool,
) -> Result<(), Failure> {
    let patience = Patience::new(stage);
    while !holds(&stage.snapshot(), stage) {
        step(stage, picture, &patience, what).await?;
    }
    Ok(())
}

async fn step(stage: &mut Stage, picture: &mut Picture, patience: &Patience, what: &str) -> Result<(), Failure> {
    if let Some(status) = stage.ended() {
        return Err(Failure::with(Exit::Invariant, format!("the daemon ended ({status}) before {what}")));
    }
    if patience.since.elapsed() > patience.limit {
        return Err(Failure::with(Exit::Invariant, format!("gave up waiting until {what} in {WITNESS}'s demo")));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    for line in stage.news() {
        picture.say(&line);
    }
    picture.draw(&stage.snapshot());
    Ok(())
}
