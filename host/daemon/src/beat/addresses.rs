//! Where the watchers are, found now and then: a look-up may take seconds, and a beat must not wait for it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How often their names are looked up.
const EVERY: Duration = Duration::from_secs(60);

/// How often, while one of them has never been found.
const MISSING: Duration = Duration::from_secs(5);

/// How long a look-up may take: whoever is found by then is told.
const LOOKUP: Duration = Duration::from_secs(2);

/// Finds the watchers, and goes on doing so for as long as anybody asks. The first look-ups are waited for.
pub(super) async fn find(watchers: Vec<String>) -> watch::Receiver<Vec<SocketAddr>> {
    let mut found = BTreeMap::new();
    look_up(&watchers, &mut found).await;
    let (sender, receiver) = watch::channel(flat(&found));
    tokio::spawn(async move {
        while !sender.is_closed() {
            tokio::time::sleep(if found.len() < watchers.len() { MISSING } else { EVERY }).await;
            look_up(&watchers, &mut found).await;
            sender.send_replace(flat(&found));
        }
    });
    receiver
}

/// A name that is not found keeps its last addresses: its server may be down for a while.
async fn look_up(watchers: &[String], found: &mut BTreeMap<String, Vec<SocketAddr>>) {
    let mut lookups = JoinSet::new();
    for watcher in watchers.iter().cloned() {
        lookups.spawn(async move {
            let looked_up = timeout(LOOKUP, tokio::net::lookup_host(&watcher)).await;
            let found = looked_up.map(|found| found.map(Iterator::collect::<Vec<_>>));
            (watcher, found)
        });
    }
    while let Some(done) = lookups.join_next().await {
        match done {
            Ok((watcher, Ok(Ok(addresses)))) => drop(found.insert(watcher, addresses)),
            Ok((watcher, Ok(Err(error)))) => tracing::warn!(watcher, %error, "a watcher's name is not found"),
            Ok((watcher, Err(_))) => tracing::warn!(watcher, "no name server answers"),
            Err(error) => tracing::warn!(%error, "a look-up died"),
        }
    }
}

fn flat(found: &BTreeMap<String, Vec<SocketAddr>>) -> Vec<SocketAddr> {
    found.values().flatten().copied().collect()
}
