//! Kills the daemon at any moment and starts it again: one key change, and every alert delivered.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::{Daemon, Net, Setup, WITNESS, until};

/// How many seeds to try. To run one: `DOGWATCH_SEED=17 cargo test -p dogwatch crash_points`.
const SEEDS: std::ops::Range<u64> = 0..50;
/// How many runs go on in parallel.
const AT_ONCE: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_fifty_points_around_a_switch() {
    let one: Option<u64> = std::env::var("DOGWATCH_SEED").ok().map(|seed| seed.parse().unwrap());
    let seeds = one.map_or(SEEDS, |seed| seed..seed + 1);
    let runs = stream::iter(seeds).map(killed_once).buffer_unordered(AT_ONCE);
    let twice: Vec<usize> = runs.collect().await;
    let (done, duplicates) = (twice.len(), twice.iter().sum::<usize>());
    println!("{done} kills, {duplicates} alerts delivered twice");
}

/// Kills the daemon once at a moment that the seed chooses, starts it again and checks the result. Returns how many
/// messages arrived twice.
async fn killed_once(seed: u64) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let net = Net::with(|config| config.seed = seed + 1).await;
    let dir = Net::directory();
    let config = net.write(dir.path(), &Setup::default());
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();

    // Half of the kills anywhere from the crash to the successor's first block, half right around the decision.
    if seed.is_multiple_of(2) {
        tokio::time::sleep(Duration::from_millis(random.random_range(0..4000))).await;
    } else {
        until("the decision", async || daemon.logged(&["decision: switch to"])).await;
        tokio::time::sleep(Duration::from_micros(random.random_range(0..400_000))).await;
    }
    daemon.kill().await;
    drop(daemon);

    let daemon = Daemon::start(&config);
    until("a successor produces", async || net.blocks_by("second") + net.blocks_by("third") > 0).await;
    until("the switch is reported as over", async || net.sink.has("/switching", "resolved")).await;
    net.blocks(2 * net.config.round_length).await;
    daemon.delivered().await;

    assert_eq!(net.key_changes(), 1, "seed {seed}");
    assert_ne!(net.on_duty().as_deref(), Some("primary"), "seed {seed}");
    let witness = daemon.witness().await.unwrap();
    assert_eq!(witness["switches"].as_array().unwrap().len(), 1, "seed {seed}: {witness}");

    // Every message that was ever stored arrives. The list is read first: the daemon goes on, and may store another.
    for id in stored_messages(dir.path()) {
        let (id, what) = (format!("test-{id}"), format!("seed {seed}: message {id} arrives"));
        until(&what, async || net.sink.received().iter().any(|alert| alert.text("message_id") == id)).await;
    }
    let received = net.sink.received();
    let arrived: BTreeSet<&str> = received.iter().map(|alert| alert.text("message_id")).collect();
    assert!(net.sink.has("/switching", "opened"), "seed {seed}");
    received.len() - arrived.len()
}

fn stored_messages(dir: &Path) -> Vec<i64> {
    let database = rusqlite::Connection::open(dir.join("state/state.sqlite")).unwrap();
    let mut statement = database.prepare("SELECT id FROM message").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}
