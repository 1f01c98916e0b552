//! Puts the parts of the daemon together and keeps them running.

use std::sync::Arc;

use dogwatch_client::socket_path;
use dogwatch_plugins::Library;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::chains::{LostState, Shared, start_chain};
use super::channels::{Channels, clients, heard, watch_plugins};
use super::error::{StartError, TaskEnded};
use super::plugins::PluginFollower;
use super::signals;
use super::starts::remember_start;
use super::state_files::StateFiles;
use crate::alerts::desk::AlertDesk;
use crate::alerts::{orphans, undelivered};
use crate::chain::beat_listener::BeatListener;
use crate::channels::heartbeat::Heartbeat;
use crate::channels::outbox::Worker;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::metrics;
use crate::control::server::{self, Control};
use crate::decisions::DecisionJournal;
use crate::fallback::last_good;
use crate::fallback::store_failure::{self, StoreFailureAlert};
use crate::liveness::{Watchdog, monitors};
use crate::rehearsal::Rehearsal;
use crate::store::{EarlierRun, OpenedStore, SetAside, Store, StoreError, takes_nothing};

/// How many slots the daemon watches before it may rehearse: a minute on a real chain.
const SETTLE_SLOTS: u32 = 20;

/// A disk that fills up in the middle of the start is no reason not to watch: the first thing that cannot be stored raises
/// the alert.
fn unless_full(site: &str, stored: Result<(), StoreError>) -> Result<(), StoreError> {
    match stored {
        Err(error) if error.is_full() => {
            tracing::error!(site, %error, "something could not be stored");
            Ok(())
        }
        other => other,
    }
}

/// A daemon that runs until it is dropped.
#[derive(Debug)]
pub struct Daemon {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    gateway: Option<JoinHandle<()>>,
}

impl Daemon {
    /// Starts the daemon. Endpoints that do not answer do not prevent the start: alerts report them. `notes`, which
    /// the check of the configuration made, are repeated in every report of a rehearsal.
    ///
    /// # Errors
    ///
    /// If the store, the HTTP clients, an endpoint pool or the control socket cannot be set up.
    pub async fn start(config: Config, library: Library, notes: Vec<String>, clock: Clock) -> Result<Self, StartError> {
        // Only a daemon that had its store has kept its channels.
        let earlier = if last_good::is_kept(&config.state_dir) { EarlierRun::Known } else { EarlierRun::Unknown };
        let opened = Store::open_or_set_aside(&config.state_dir, earlier, clock.now())?;
        let OpenedStore { store, set_aside: aside, unwritable } = opened;
        let mut lost = LostState { whole: aside.is_some(), set_aside: aside.into_iter().collect() };
        let Channels { clients, senders, on_kept } = clients(&config, &library)?;
        let rules = Arc::new(config.rules(&heard(&clients)));
        let desk = AlertDesk { store, rules, bell: Arc::new(Notify::new()), clock };
        let channels = clients.iter().map(|client| client.name.clone()).collect();
        unless_full(&config.site, desk.store.forget_channels_but(channels).await)?;
        unless_full(&config.site, orphans::close(&desk, &config).await)?;
        unless_full(&config.site, desk.rules_changed().await)?;

        let mut tasks = JoinSet::new();
        let failure_alert = StoreFailureAlert::new(&config.site, &config.state_dir);
        tasks.spawn(desk.clone().run());
        for client in clients.clone() {
            tasks.spawn(store_failure::deliver(client.clone(), failure_alert.subscribe()));
            tasks.spawn(Worker { client, desk: desk.clone() }.run());
        }
        if let Some(why) = unwritable {
            tracing::error!(site = config.site, why, "the state directory cannot be written: the state is in memory");
            failure_alert.raise(clock.now(), &why);
        }
        let (pages, undelivered_pages) = watch::channel(Vec::new());
        tasks.spawn(undelivered::watch(desk.clone(), config.alerts.page_deadline, pages));
        let slots: Vec<_> =
            config.chains.iter().map(|chain| (chain.profile.name.clone(), chain.profile.block_interval)).collect();
        let (reporters, loops) = monitors(&slots, &Watchdog::new(slots.len()));
        for (client, channel) in clients.iter().zip(&config.channels).filter(|(client, _)| client.roles().heartbeats) {
            let heartbeat = Heartbeat {
                client: client.clone(),
                every: channel.heartbeat,
                loops: loops.clone(),
                undelivered: undelivered_pages.clone(),
                desk: desk.clone(),
            };
            tasks.spawn(heartbeat.run());
        }
        let journal = DecisionJournal::start(&config.site, &config.state_dir);
        let shared = Shared {
            config: &config,
            library: &library,
            desk: &desk,
            store_failure: &failure_alert,
            journal: &journal,
        };
        let mut chains = Vec::new();
        for (chain, cycles) in config.chains.iter().zip(reporters) {
            chains.push(start_chain(chain, shared, cycles, &mut tasks, &mut lost).await?);
        }
        if !lost.set_aside.is_empty() {
            let line = |aside: &SetAside| format!("{}: {}", aside.path.display(), aside.why);
            let report = desk.texts().state_lost(&lost.set_aside.iter().map(line).collect::<Vec<_>>());
            unless_full(&config.site, desk.report(report).await)?;
        }
        if let Some(listen) = config.beats {
            let places = chains.iter_mut().flat_map(|chain| std::mem::take(&mut chain.beats)).collect();
            tasks.spawn(BeatListener::new(config.site.clone(), clock, places).run(listen));
        }
        let inboxes: Vec<_> = chains.iter().map(|chain| (chain.name.clone(), chain.inbox.clone())).collect();
        let pools: Vec<_> = chains.iter().map(|chain| (chain.name.clone(), chain.pool.clone())).collect();
        let rehearsal = Rehearsal {
            chains: chains.into_iter().map(|chain| (chain.name, chain.inbox, chain.pool)).collect(),
            clients: clients.clone(),
            desk: desk.clone(),
            notes,
            settle: slots.iter().map(|(_, slot)| slot.saturating_mul(SETTLE_SLOTS)).max().unwrap_or_default(),
        };
        tasks.spawn(rehearsal.clone().run());
        tasks.spawn(watch_plugins(desk.clone(), clients.clone(), on_kept));
        let (stop, stopped) = watch::channel(false);
        let gateway = config.gateway.clone().map(|gateway| {
            tokio::spawn(crate::gateway::run(config.site.clone(), gateway, pools, stopped, desk.clone()))
        });
        // This start worked, so later starts that fail can fall back on its configuration.
        if let Err(error) = last_good::keep(&config, &library) {
            tracing::warn!(site = config.site, %error, "could not keep the alert configuration for later starts");
        }
        let control = Control::new(&config, desk.clone(), rehearsal, undelivered_pages, inboxes.clone());
        if let Some(listen) = config.metrics {
            tasks.spawn(metrics::serve(listen, control.clone(), desk.clone()));
        }
        tasks.spawn(remember_start(config.clone(), desk.clone()));
        let path = socket_path(&config.state_dir);
        let listener = match server::listen(&path) {
            // It is tried again as long as the daemon runs.
            Err(error) if takes_nothing(&error) => None,
            listener => Some(listener.map_err(|source| StartError::Control { path, source })?),
        };
        let files = StateFiles { config: config.clone(), desk: desk.clone(), store_failure: failure_alert, control };
        tasks.spawn(files.keep(listener));
        let look = signals::each_hangup(&config.site);
        tasks.spawn(
            PluginFollower { library: Arc::new(library), config, chains: inboxes, channels: senders, desk, look }.run(),
        );
        Ok(Self { tasks, stop, gateway })
    }

    /// Lets the gateway finish its requests, while the watch goes on.
    pub async fn stop(&mut self) {
        self.stop.send_replace(true);
        if let Some(gateway) = self.gateway.take() {
            let _ = gateway.await;
        }
    }

    /// Runs until a task ends, which none should. Returns which way it ended.
    pub async fn run(&mut self) -> TaskEnded {
        match self.tasks.join_next().await {
            Some(Err(error)) => TaskEnded::Died(error),
            Some(Ok(())) | None => TaskEnded::Returned,
        }
    }
}
