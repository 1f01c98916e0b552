//! `dogwatch run`.

use std::fmt::Display;
use std::path::Path;

use dogwatch_client::{Exit, Failure};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::config::{Config, Level, paths};
use crate::fallback::journal::Journal;
use crate::fallback::start_failure::{self, NoticedBy, StartFailure};
use crate::liveness;
use crate::run::preflight::{self, Waits};
use crate::run::{Daemon, signals};
use crate::store::Store;

pub(super) async fn run(path: &Path, clock: Clock) -> Result<(), Failure> {
    let state_dir = paths::state_dir_or_default(path);
    let another_runs = Store::is_in_use(&state_dir);
    match watch(path, clock).await {
        Ok(()) => {
            Journal::open(&state_dir).stopped();
            Ok(())
        }
        // Another daemon is watching: an alert would claim that it has ended.
        Err(Ended { another, failure, .. }) if another || another_runs => Err(failure),
        Err(Ended { told, failure, .. }) => {
            start_failure::tell(Some(path), &state_dir, &told, NoticedBy::Itself, clock).await.print();
            Err(failure)
        }
    }
}

/// An unplanned end of the daemon.
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

async fn watch(path: &Path, clock: Clock) -> Result<(), Ended> {
    signals::ignore().map_err(died)?;
    let unusable = |failure| Ended::new("it could not read its configuration", "dogwatch check", failure);
    let (config, problems) = preflight::read(path, Waits::Briefly).map_err(unusable)?;
    let Some((config, library)) = config else {
        return Err(unusable(Failure::with(Exit::Input, problems)));
    };
    let warned = problems.sorted().into_iter().filter(|problem| problem.level != Level::Error);
    let notes = warned.map(|problem| format!("{}. {}", problem.what, problem.remedy)).collect();
    // A broken plugin is an open alert, and no reason not to watch.
    for problem in problems.sorted() {
        match problem.level {
            Level::Error => tracing::error!(site = config.site, remedy = problem.remedy, "{}", problem.what),
            Level::Note => tracing::info!(site = config.site, remedy = problem.remedy, "{}", problem.what),
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
    serve(config, library, notes, clock).await?;
    tracing::info!(site, "stopped");
    Ok(())
}

fn died(why: impl Display) -> Ended {
    Ended::new("a part of it died", "journalctl -u dogwatch -e", Failure::other(why))
}

async fn serve(
    config: Config,
    library: dogwatch_plugins::Library,
    notes: Vec<String>,
    clock: Clock,
) -> Result<(), Ended> {
    let site = config.site.clone();
    let mut daemon = Daemon::start(config, library, notes, clock).await.map_err(|error| Ended {
        another: error.is_another_daemon(),
        ..Ended::new(error.summary(), error.command(), Failure::other(error))
    })?;
    let mut terminate = signal(SignalKind::terminate()).map_err(died)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(died)?;
    liveness::tell(&[NotifyState::Ready]);
    tokio::select! {
        ended = daemon.run() => return Err(died(ended)),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(site, "told to stop");
    liveness::tell(&[NotifyState::Stopping]);
    tokio::select! {
        () = daemon.stop() => {}
        // On a second signal it stops at once.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
