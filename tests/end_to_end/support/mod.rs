//! What every scenario needs: a devnet, a receiver of alerts, a configuration, and daemons.

mod altering;
mod author;
mod daemon;
mod etc;
mod holding;
mod net;
mod plugins;
mod sink;
mod swallowing;
mod tls;
mod wrong_clock;

use std::time::Duration;

pub(crate) use altering::{Altering, Fate};
pub(crate) use author::{Author, ran, ran_with};
pub(crate) use daemon::{Daemon, dogwatch};
pub(crate) use etc::etc;
pub(crate) use holding::{Counting, Holding};
pub(crate) use net::{Net, Setup, WITNESS};
pub(crate) use plugins::{build_project, built, hostile, mine, put, said, threshold};
pub(crate) use sink::{Received, Sink};
pub(crate) use swallowing::Swallowing;
pub(crate) use tls::{Authority, STEEMD};
pub(crate) use wrong_clock::WrongClock;

/// How long a scenario waits for something that must happen. Not a promise: a machine may be slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until `holds`; fails the test, naming what it waited for, if that takes too long.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
