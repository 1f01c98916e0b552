//! Putting the parts together and keeping them running.

mod channels;
mod starts;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dogwatch_engine::{ChainAlerts, Tracker, TrackerConfig};
use dogwatch_plugins::{ChannelPlugin, Library, LibraryChange};
use dogwatch_rpc::{Endpoint, Pool, PoolError, PoolOptions, Prober};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use channels::{Channels, couriers, heard, tell_of_broken};
use starts::remember_start;

use crate::boot;
use crate::chain_task::{ChainTask, Message, ProbeTarget, poll, probe};
use crate::clock::Clock;
use crate::config::{ChainConfig, Config};
use crate::control::{self, Control};
use crate::desk::AlertDesk;
use crate::emergency::Emergency;
use crate::guard::{Guard, Policy};
use crate::heartbeat::Heartbeat;
use crate::leftovers;
use crate::outbox::Worker;
use crate::plugins;
use crate::rehearsal::Rehearsal;
use crate::store::{Store, StoreError};
use crate::vitals::{Pulse, Watchdog, vitals};

/// How often the plugin directory is looked at.
const PLUGIN_LOOK: Duration = Duration::from_secs(2);

/// After its start the daemon first has to see: a minute on a real chain.
const SETTLE_SLOTS: u32 = 20;

/// A daemon that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No place for its state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No way to its endpoints.
    #[error("chain {chain}: {source}")]
    Pool {
        /// Which chain.
        chain: String,
        /// Why.
        source: PoolError,
    },
    /// No HTTP client.
    #[error("the HTTP client could not be set up: {0}; install the system's certificates (package ca-certificates)")]
    Http(String),
    /// No control socket.
    #[error("the control socket {path} could not be opened: {source}")]
    Control {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl StartError {
    /// What an alert says of it in one line.
    pub const fn summary(&self) -> &'static str {
        match self {
            Self::Store(_) => "its state directory cannot be used",
            Self::Pool { .. } => "its endpoints cannot be used",
            Self::Http(_) => "it has no HTTPS",
            Self::Control { .. } => "its control socket cannot be opened",
        }
    }

    /// The one command to type.
    pub const fn command(&self) -> &'static str {
        match self {
            Self::Store(_) | Self::Control { .. } => "df -h",
            Self::Pool { .. } | Self::Http(_) => "dogwatch check",
        }
    }

    /// Whether it does not start because another one runs.
    pub const fn is_another_daemon(&self) -> bool {
        matches!(self, Self::Store(StoreError::InUse(_)))
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
    /// Starts it. Endpoints that do not answer are no reason not to start: that is what alerts are for.
    pub async fn start(config: Config, library: Library) -> Result<Self, StartError> {
        let clock = Clock;
        let store = Store::open(&config.state_dir)?;
        let Channels { couriers, senders: channels, on_kept } = couriers(&config, &library)?;
        let rules = Arc::new(config.rules(&heard(&couriers)));
        let desk = AlertDesk { store, rules, bell: Arc::new(Notify::new()), clock };
        desk.store.forget_channels_but(couriers.iter().map(|courier| courier.name.clone()).collect()).await?;
        leftovers::close(&desk, &config, clock.now()).await?;
        desk.reconcile(config.channels.iter().map(|channel| channel.name.clone()).collect()).await?;

        let mut tasks = JoinSet::new();
        let emergency = Emergency::new(&config.site, &config.state_dir);
        tasks.spawn(desk.clone().run());
        for courier in couriers.clone() {
            tasks.spawn(crate::emergency::deliver(courier.clone(), emergency.subscribe()));
            tasks.spawn(Worker { courier, desk: desk.clone() }.run());
        }
        let (stuck, stuck_pages) = watch::channel(Vec::new());
        tasks.spawn(crate::stuck::watch(desk.clone(), config.alerts.page_deadline, stuck));
        let slots: Vec<_> =
            config.chains.iter().map(|chain| (chain.profile.name.clone(), chain.profile.block_interval)).collect();
        let (pulses, loops) = vitals(&slots, &Watchdog::new(slots.len()));
        for (courier, channel) in
            couriers.iter().zip(&config.channels).filter(|(courier, _)| courier.roles().heartbeats)
        {
            let heartbeat = Heartbeat {
                courier: courier.clone(),
                every: channel.heartbeat,
                loops: loops.clone(),
                stuck: stuck_pages.clone(),
                desk: desk.clone(),
            };
            tasks.spawn(heartbeat.run());
        }
        let (mut senders, mut pools) = (Vec::new(), Vec::new());
        for (chain, pulse) in config.chains.iter().zip(pulses) {
            let shared = Shared { config: &config, library: &library, desk: &desk, emergency: &emergency };
            let (sender, pool) = start_chain(chain, shared, pulse, &mut tasks).await?;
            senders.push((chain.profile.name.clone(), sender));
            pools.push((chain.profile.name.clone(), pool));
        }
        // What an earlier configuration's gateway left open.
        for (_, sender) in senders.iter().skip(usize::from(config.gateway.is_some())) {
            let _ = sender.send(Message::Gateway(None)).await;
        }
        let rehearsal = Rehearsal {
            chains: senders
                .iter()
                .zip(&pools)
                .map(|((name, sender), (_, pool))| (name.clone(), sender.clone(), pool.clone()))
                .collect(),
            couriers: couriers.clone(),
            desk: desk.clone(),
            settle: slots.iter().map(|(_, slot)| slot.saturating_mul(SETTLE_SLOTS)).max().unwrap_or_default(),
        };
        tasks.spawn(rehearsal.clone().run());
        tasks.spawn(tell_of_broken(desk.clone(), couriers.clone(), on_kept));
        let (stop, stopped) = watch::channel(false);
        let gateway = config.gateway.clone().map(|gateway| {
            let alerts = senders.first().map(|(_, sender)| sender.clone());
            tokio::spawn(crate::gateway::run(config.site.clone(), gateway, pools, stopped, alerts))
        });
        // It could start with this: it is what a start that fails will fall back on.
        if let Err(error) = boot::keep(&config, &library) {
            tracing::warn!(site = config.site, %error, "the alert configuration could not be kept for later starts");
        }
        let control = Control::new(&config, desk.clone(), rehearsal, stuck_pages, senders.clone());
        if let Some(listen) = config.metrics {
            tasks.spawn(crate::metrics::serve(listen, control.clone(), desk.clone()));
        }
        tasks.spawn(remember_start(config.clone(), desk));
        let path = control::socket_path(&config.state_dir);
        let listener = control::listen(&path).map_err(|source| StartError::Control { path, source })?;
        tasks.spawn(control::serve(listener, control));
        tasks.spawn(follow_plugins(library, config, senders, channels));
        Ok(Self { tasks, stop, gateway })
    }

    /// Has the gateway finish what it has begun; the watch goes on meanwhile.
    pub async fn stop(&mut self) {
        self.stop.send_replace(true);
        if let Some(gateway) = self.gateway.take() {
            let _ = gateway.await;
        }
    }

    /// Waits for a task to end, which none should.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        match self.tasks.join_next().await {
            Some(Err(error)) => Err(anyhow::anyhow!("a part of the daemon died: {error}")),
            Some(Ok(())) | None => Err(anyhow::anyhow!("a part of the daemon ended, which none should")),
        }
    }
}

type ChannelSenders = Vec<watch::Sender<Result<ChannelPlugin, String>>>;

struct Shared<'a> {
    config: &'a Config,
    library: &'a Library,
    desk: &'a AlertDesk,
    emergency: &'a Emergency,
}

/// Patience grows with the slots: an answer that comes after the next block is of no use.
pub(crate) fn pool_options(chain: &ChainConfig) -> PoolOptions {
    let interval = chain.profile.block_interval;
    let total = interval.saturating_mul(4).checked_div(3).unwrap_or(interval);
    let total = total.clamp(Duration::from_secs(1), Duration::from_secs(4));
    PoolOptions::default()
        .timeouts(total.checked_div(2).unwrap_or(total), total)
        .read_deadline(interval.clamp(Duration::from_millis(500), Duration::from_secs(2)))
        .agreement(chain.quorum, chain.stale_after)
        .requests_per_minute(chain.requests_per_minute)
        .authorities(chain.authorities.clone())
        // Several daemons must not come back to an endpoint in step.
        .jitter(JITTER_PERCENT, rand::random())
}

/// By how much the rests of failing endpoints differ at random.
const JITTER_PERCENT: u32 = 20;

async fn start_chain(
    chain: &ChainConfig,
    shared: Shared<'_>,
    pulse: Pulse,
    tasks: &mut JoinSet<()>,
) -> Result<(mpsc::Sender<Message>, Pool), StartError> {
    let Shared { config, library, desk, emergency } = shared;
    let (store, clock) = (&desk.store, desk.clock);
    let name = chain.profile.name.clone();
    let options = pool_options(chain);
    let stored_upgrades = store.upgrades(&name).await?;
    for endpoint in &chain.endpoints {
        if stored_upgrades.contains(&endpoint.fingerprint()) {
            endpoint.remember_upgrade();
        }
    }
    let pool = Pool::new(chain.profile.clone(), chain.endpoints.clone(), options.clone())
        .map_err(|source| StartError::Pool { chain: name.clone(), source })?;
    let watched = || config.witnesses.iter().filter(|witness| witness.chain == name);
    let probes: Vec<&Endpoint> =
        watched().flat_map(|witness| witness.nodes.iter().filter_map(|node| node.probe.as_ref())).collect();
    let prober = Prober::new(options, probes).map_err(|error| StartError::Http(error.to_string()))?;
    let book = store.book(&name).await?.unwrap_or_default();
    let (sender, inbox) = mpsc::channel(256);

    let mut guards = Vec::new();
    for witness in watched() {
        let index = guards.len();
        let state = store.state(&name, witness.name.as_str()).await?.unwrap_or_default();
        let policy = plugins::policy(library, witness);
        guards.push(Guard::new(config, chain, witness, index, policy, state, clock.now()));
        for (node, place) in witness.nodes.iter().zip(0..) {
            if let Some(endpoint) = node.probe.clone() {
                let target = ProbeTarget { witness: index, node: dogwatch_engine::NodeIndex(place), endpoint };
                let every = witness.probe_interval;
                tasks.spawn(probe(prober.clone(), target, chain.profile.clone(), every, sender.clone()));
            }
        }
    }
    let names = guards.iter().map(|guard| guard.watch().config().witness.clone()).collect();
    let (next_block, following) = watch::channel(None);
    tasks.spawn(poll(pool.clone(), names, following, clock, sender.clone()));
    let task = ChainTask {
        site: config.site.clone(),
        pool: pool.clone(),
        tracker: Tracker::new(TrackerConfig {
            chain: name,
            block_interval: chain.profile.block_interval,
            quorum: chain.quorum,
            stale_after: chain.stale_after,
        }),
        alerts: ChainAlerts::new(book.clone(), config.repeat),
        guards,
        desk: desk.clone(),
        clock,
        stored_book: book,
        errands: JoinSet::new(),
        fetching: None,
        sources: Vec::new(),
        next_block,
        stored_upgrades,
        unsaved: Vec::new(),
        emergency: emergency.clone(),
        pulse,
    };
    tasks.spawn(task.run(inbox, sender.downgrade()));
    Ok((sender, pool))
}

/// Puts plugins into use as their files are dropped in.
async fn follow_plugins(
    library: Library,
    config: Config,
    chains: Vec<(String, mpsc::Sender<Message>)>,
    channels: ChannelSenders,
) {
    let library = Arc::new(library);
    let mut ready = ready_policies(&library, &config).await;
    let _ = tokio::task::spawn_blocking(crate::memory::trim).await;
    loop {
        tokio::time::sleep(PLUGIN_LOOK).await;
        let looked = Arc::clone(&library);
        // Compiling takes a while, and must not hold up anything.
        let Ok(changes) = tokio::task::spawn_blocking(move || looked.refresh()).await else { continue };
        let changed = !changes.is_empty();
        for change in changes {
            tracing::info!(site = config.site, "{change}");
            if let LibraryChange::Reloaded { name, .. } | LibraryChange::Available { name } = &change {
                put_into_use(&library, &config, name, &chains, &channels, &mut ready).await;
            }
        }
        if changed {
            let _ = tokio::task::spawn_blocking(crate::memory::trim).await;
        }
    }
}

/// Chain and index of a witness.
type Place = (String, usize);

/// The witnesses whose policies work.
async fn ready_policies(library: &Arc<Library>, config: &Config) -> BTreeSet<Place> {
    let mut ready = BTreeSet::new();
    for chain in &config.chains {
        let name = &chain.profile.name;
        for (index, witness) in config.witnesses.iter().filter(|witness| witness.chain == *name).enumerate() {
            let (library, witness) = (Arc::clone(library), witness.clone());
            let loaded = tokio::task::spawn_blocking(move || plugins::policy(&library, &witness)).await;
            if matches!(loaded, Ok(Policy::Ready(_))) {
                ready.insert((name.clone(), index));
            }
        }
    }
    ready
}

/// Replaces what the new file replaces, except what works by what does not.
async fn put_into_use(
    library: &Arc<Library>,
    config: &Config,
    name: &str,
    chains: &[(String, mpsc::Sender<Message>)],
    channels: &ChannelSenders,
    ready: &mut BTreeSet<Place>,
) {
    let site = &config.site;
    for (chain, inbox) in chains {
        let witnesses = config.witnesses.iter().filter(|witness| witness.chain == *chain);
        for (index, watched) in witnesses.enumerate().filter(|(_, witness)| witness.policy == name) {
            let (library, witness) = (Arc::clone(library), watched.clone());
            let loaded = tokio::task::spawn_blocking(move || plugins::policy(&library, &witness)).await;
            let Ok(policy) = loaded else { continue };
            let place = (chain.clone(), index);
            match &policy {
                Policy::Ready(_) => {
                    ready.insert(place);
                }
                Policy::Broken(why) if ready.contains(&place) => {
                    let witness = watched.name.as_str();
                    tracing::error!(
                        site,
                        chain,
                        witness,
                        policy = name,
                        why,
                        "the policy's new file is refused, and the old one stays in use until the daemon ends"
                    );
                    continue;
                }
                Policy::Broken(_) => {}
            }
            let _ = inbox.send(Message::Policy(index, policy)).await;
        }
    }
    for (configured, sender) in config.channels.iter().zip(channels).filter(|(channel, _)| channel.plugin == name) {
        let (library, channel) = (Arc::clone(library), configured.clone());
        let loaded = tokio::task::spawn_blocking(move || plugins::channel(&library, &channel)).await;
        let Ok(plugin) = loaded else { continue };
        if let Err(why) = &plugin
            && sender.borrow().is_ok()
        {
            let channel = &configured.name;
            tracing::error!(
                site,
                channel,
                plugin = name,
                why,
                "the channel's new file is refused, and the old one stays in use until the daemon ends"
            );
            continue;
        }
        let _ = sender.send(plugin);
    }
}
