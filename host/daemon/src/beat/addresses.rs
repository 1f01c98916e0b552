//! Where the watchers are, found now and then: a look-up may take seconds, and a beat must not wait for it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;

/// How often their names are looked up.
const EVERY: Duration = Duration::from_secs(60);

/// How often, while one of them has never been found.
const MISSING: Duration = Duration::from_secs(5);

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
    for watcher in watchers {
        match tokio::net::lookup_host(watcher).await {
            Ok(addresses) => drop(found.insert(watcher.clone(), addresses.collect())),
            Err(error) => tracing::warn!(watcher, %error, "a watcher's name is not found"),
        }
    }
}

fn flat(found: &BTreeMap<String, Vec<SocketAddr>>) -> Vec<SocketAddr> {
    found.values().flatten().copied().collect()
}
