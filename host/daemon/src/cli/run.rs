//! `dogwatch run`.

use std::path::Path;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use crate::boot::{self, Journal, StartFailure, Told, Witness};
use crate::cli::{Exit, Failure, check};
use crate::config::{Config, Level};
use crate::daemon::Daemon;
use crate::store::Store;
use crate::vitals;

pub(super) async fn run(path: &Path) -> Result<(), Failure> {
    let state_dir = boot::state_dir(path);
    let another_runs = Store::is_in_use(&state_dir);
    match watch(path).await {
        Ok(()) => {
            Journal::open(&state_dir).stopped();
            Ok(())
        }
        // Another daemon watches, and would be told of its own end.
        Err(Ended { another, failure, .. }) if another || another_runs => Err(failure),
        Err(Ended { told, failure, .. }) => {
            report(&boot::tell(Some(path), &state_dir, &told, Witness::Itself).await);
            Err(failure)
        }
    }
}

/// An end that nobody wanted.
struct Ended {
    told: StartFailure,
    failure: Failure,
    another: bool,
}

impl Ended {
    fn new(summary: &str, command: &str, failure: Failure) -> Self {
        let details = failure.message.clone();
        Self {
            told: StartFailure { summary: summary.to_owned(), details, command: command.to_owned() },
            failure,
            another: false,
        }
    }
}

async fn watch(path: &Path) -> Result<(), Ended> {
    let unusable = |failure| Ended::new("it could not read its configuration", "dogwatch check", failure);
    let (config, problems) = check::read(path).map_err(unusable)?;
    let Some((config, library)) = config else {
        return Err(unusable(Failure::with(Exit::Input, problems)));
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
    serve(config, library).await?;
    tracing::info!(site, "stopped");
    Ok(())
}

async fn serve(config: Config, library: dogwatch_plugins::Library) -> Result<(), Ended> {
    let died =
        |error: anyhow::Error| Ended::new("a part of it died", "journalctl -u dogwatch -e", Failure::other(error));
    let site = config.site.clone();
    let mut daemon = Daemon::start(config, library).await.map_err(|error| Ended {
        another: error.is_another_daemon(),
        ..Ended::new(error.summary(), error.command(), Failure::other(error))
    })?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| died(error.into()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| died(error.into()))?;
    vitals::tell(&[NotifyState::Ready]);
    tokio::select! {
        ended = daemon.run() => return ended.map_err(died),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(site, "told to stop");
    vitals::tell(&[NotifyState::Stopping]);
    tokio::select! {
        () = daemon.stop() => {}
        // Told twice, it waits for nobody.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Says on standard error what became of the message.
pub(super) fn report(told: &Told) {
    if let Some(why) = told.silent {
        eprintln!("dogwatch: no channel was told: {why}");
        return;
    }
    for name in &told.delivered {
        eprintln!("dogwatch: channel {name} was told that Dogwatch does not start");
    }
    for (name, why) in &told.failed {
        eprintln!("dogwatch: channel {name} could not be told: {why}");
    }
    if told.delivered.is_empty() {
        eprintln!("dogwatch: NOBODY WAS TOLD that Dogwatch does not start");
    }
}
