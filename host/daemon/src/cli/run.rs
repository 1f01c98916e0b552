//! `dogwatch run`.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Exit, Failure, check};
use crate::config::Level;
use crate::daemon::Daemon;

pub(super) async fn run(path: &Path) -> Result<(), Failure> {
    let (config, problems) = check::read(path)?;
    let Some((config, library)) = config else {
        return Err(Failure::with(Exit::Input, problems));
    };
    // A plugin that does not work is an open alert of a daemon that watches; it is no reason not to watch.
    for problem in problems.sorted() {
        match problem.level {
            Level::Error => tracing::error!(site = config.site, remedy = problem.remedy, "{}", problem.what),
            Level::Warning => tracing::warn!(site = config.site, remedy = problem.remedy, "{}", problem.what),
        }
    }
    let site = config.site.clone();
    tracing::info!(
        site,
        version = env!("CARGO_PKG_VERSION"),
        witnesses = config.witnesses.len(),
        chains = config.chains.len(),
        channels = config.channels.len(),
        "on watch"
    );
    let mut daemon = Daemon::start(config, library).await.map_err(Failure::other)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::other)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::other)?;
    tokio::select! {
        ended = daemon.run() => return ended.map_err(Failure::other),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(site, "told to stop");
    tokio::select! {
        () = daemon.stop() => {}
        // Told twice, it waits for nobody.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
