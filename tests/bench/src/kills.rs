//! What a killed node costs, on slots as long as a real chain's: 20 kills at seeded moments, several nets at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Context as _;
use dogwatch_devnet::DevnetSlotOutcome;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::Instant;

use crate::Effort;
use crate::daemon::Daemon;
use crate::figures::{self, Sample};
use crate::server::{Kind, Server};
use crate::stage::{Stage, WITNESS};

const SLOT: Duration = Duration::from_secs(3);
const ROUND: u32 = 21;
const ENDPOINTS: usize = 3;

/// Nets that run at the same time.
const NETS: u64 = 4;

/// A new holder has its slot within two rounds.
const PATIENCE: Duration = Duration::from_secs(180);

/// Rails that let one kill follow another.
const WITNESS_LINES: &str = "policy = \"proactive\"\nrails = { budget = 32, cool_down = \"0s\" }";

/// What the kills of a net cost.
#[derive(Debug, Default)]
struct Kills {
    /// From the end of the process, when its kernel cuts its connections, to the transaction's first byte.
    to_transaction: Vec<Duration>,
    /// A bare POST of the same bytes, and its answer.
    bare: Vec<Duration>,
    /// Blocks lost, and how many kills cost so many.
    lost: BTreeMap<u32, u32>,
}

pub(crate) async fn run(effort: Effort) -> anyhow::Result<()> {
    let kills = match effort {
        Effort::Full => 5,
        Effort::Quick => 1,
    };
    let mut nets = tokio::task::JoinSet::new();
    for seed in 1..=NETS {
        nets.spawn(net(seed, kills));
    }
    let mut all = Kills::default();
    while let Some(done) = nets.join_next().await {
        let Kills { to_transaction, bare, lost } = done??;
        all.to_transaction.extend(to_transaction);
        all.bare.extend(bare);
        for (lost, kills) in lost {
            *all.lost.entry(lost).or_default() += kills;
        }
    }
    let (bare, reaction) = (Sample::new(all.bare)?, Sample::new(all.to_transaction)?);
    let title = format!(
        "5. A killed node: {} kills at the moments of seeds 1 to {NETS}, slots of {} s, rounds of {ROUND}, policy proactive",
        reaction.len(),
        SLOT.as_secs()
    );
    figures::heading(&title, ["p50", "p90", "max", "p50 is"]);
    figures::line("a bare POST of the same bytes, and its answer", &bare, bare.max(), &[]);
    figures::line("process ended → transaction's first byte", &reaction, reaction.max(), &[("bare POST", &bare)]);
    let blocks: u32 = all.lost.iter().map(|(lost, kills)| lost * kills).sum();
    println!("  Blocks lost: {:.3} per kill", f64::from(blocks) / reaction.len() as f64);
    for (lost, kills) in &all.lost {
        println!("  {kills:>6} kills lost {lost}");
    }
    println!(
        "  By the model: 0.053 (docs/src/internals/crashes.md), and 2.2 for a script that looks each minute and waits for two."
    );
    Ok(())
}

/// One net, and the kills on it.
async fn net(seed: u64, kills: u32) -> anyhow::Result<Kills> {
    let stage = Stage::set(SLOT, ROUND).await?;
    let server = Server::start(&stage.devnet.handle(), ENDPOINTS).await?;
    let mut daemon = Daemon::start(&stage.write(&server.urls(), WITNESS_LINES)?)?;
    daemon.ready().await?;
    let (mut rng, mut costs, mut known) = (SmallRng::seed_from_u64(seed), Kills::default(), BTreeSet::new());
    for _ in 0..kills {
        // Within a round, by milliseconds: at any moment before or after the own slot.
        let round = u64::try_from((SLOT * ROUND).as_millis())?;
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..round))).await;
        kill(&stage, &server, &mut daemon, &mut known, &mut costs).await?;
        daemon.ready().await?;
    }
    Ok(costs)
}

/// Kills the node on duty, and waits until another one has signed a block.
async fn kill(
    stage: &Stage,
    server: &Server,
    daemon: &mut Daemon,
    known: &mut BTreeSet<String>,
    costs: &mut Kills,
) -> anyhow::Result<()> {
    let handle = stage.devnet.handle();
    let (deadline, missed) = (Instant::now() + PATIENCE, missed(stage));
    let dying = stage.on_duty().context("no node is on duty")?;
    server.take();
    let killed = Instant::now();
    handle.crash(WITNESS, &dying)?;
    let sent = loop {
        let seen = server.take();
        let new = seen.into_iter().find_map(|exchange| match exchange.kind {
            Kind::Broadcast { body, transaction } if !known.contains(&transaction) => {
                Some((exchange.asked, body, transaction))
            }
            _ => None,
        });
        if let Some(new) = new {
            break new;
        }
        daemon.check(deadline, "a transaction is broadcast")?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let (asked, body, transaction) = sent;
    known.insert(transaction);
    costs.to_transaction.push(asked.saturating_duration_since(killed));
    costs.bare.push(server.bare(&body).await?);
    while produced_by(stage).is_none_or(|node| node == dying) {
        daemon.check(deadline, "the new node signs a block")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    *costs.lost.entry(self::missed(stage) - missed).or_default() += 1;
    Ok(handle.restart(WITNESS, &dying)?)
}

/// Slots that the witness has missed so far.
fn missed(stage: &Stage) -> u32 {
    let witnesses = stage.devnet.handle().snapshot().witnesses;
    let ours = witnesses.into_iter().find(|(name, _)| name.as_str() == WITNESS);
    ours.map_or(0, |(_, witness)| witness.total_missed)
}

/// The node that signed the witness's last block.
fn produced_by(stage: &Stage) -> Option<String> {
    let slots = stage.devnet.handle().snapshot().slots;
    slots.into_iter().rev().find_map(|slot| match slot.outcome {
        DevnetSlotOutcome::Produced { node: Some(node), .. } if slot.witness.as_str() == WITNESS => Some(node),
        _ => None,
    })
}
