//! Starts everything that watches one chain.

use dogwatch_alerts::{Alert, Scope};
use dogwatch_engine::{AlertBook, ChainAlerts, NodeAlerts, NodeIndex, SharedNodes, Tracker, TrackerConfig};
use dogwatch_plugins::Library;
use dogwatch_rpc::{Endpoint, Pool, Prober};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::error::StartError;
use crate::alerts::desk::AlertDesk;
use crate::chain::beat_listener::{BeatPlace, BeatProbes};
use crate::chain::local_time::LocalTime;
use crate::chain::message::Message;
use crate::chain::node_watch::watch_node;
use crate::chain::options::pool_options;
use crate::chain::policy::Policies;
use crate::chain::polls::poll;
use crate::chain::task::ChainTask;
use crate::chain::witness::WitnessTask;
use crate::chain::{node_watch, policy};
use crate::config::{ChainConfig, Config, WitnessConfig};
use crate::decisions::DecisionJournal;
use crate::fallback::store_failure::StoreFailureAlert;
use crate::liveness::CycleReporter;
use crate::store::SetAside;

/// What the chains of one daemon share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) config: &'a Config,
    pub(super) library: &'a Library,
    pub(super) desk: &'a AlertDesk,
    pub(super) store_failure: &'a StoreFailureAlert,
    pub(super) journal: &'a DecisionJournal,
}

/// Stored state that could not be read.
#[derive(Debug, Default)]
pub(super) struct LostState {
    /// Whether that is all of it.
    pub(super) whole: bool,
    pub(super) set_aside: Vec<SetAside>,
}

/// A chain that is being watched.
pub(super) struct RunningChain {
    pub(super) name: String,
    pub(super) inbox: mpsc::Sender<Message>,
    pub(super) pool: Pool,
    /// Its nodes of which their machines tell.
    pub(super) beats: Vec<BeatPlace>,
}

/// Starts the polls, the probes and the task of a chain.
pub(super) async fn start_chain(
    chain: &ChainConfig,
    shared: Shared<'_>,
    cycles: CycleReporter,
    tasks: &mut JoinSet<()>,
    lost: &mut LostState,
) -> Result<RunningChain, StartError> {
    let Shared { config, library, desk, store_failure, journal } = shared;
    let (store, clock) = (&desk.store, desk.clock);
    let name = chain.profile.name.clone();
    let options = pool_options(chain, clock);
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
    // What was called off, and is only held open until it has been quiet, is new if it comes back.
    let open = desk.open().await?.into_iter().filter(|incident| incident.over_at.is_none());
    let open: Vec<Alert> = open.map(|incident| incident.alert).collect();
    let about =
        |wanted: &dyn Fn(&Scope) -> bool| AlertBook::resume(open.iter().filter(|alert| wanted(&alert.key.scope)));
    let is_of_node = |scope: &Scope, witness: Option<&WitnessConfig>| match scope {
        Scope::Node { chain, node } => *chain == name && witness.is_none_or(|witness| witness.shares(node)),
        Scope::Daemon { .. } | Scope::Chain { .. } | Scope::Witness { .. } => false,
    };
    let (sender, inbox) = mpsc::channel(256);

    let (mut witnesses, mut nodes, mut beats) = (Vec::new(), Vec::new(), Vec::new());
    for witness in watched() {
        let index = witnesses.len();
        let account = witness.name.as_str();
        let (found, aside) = store.state_or_set_aside(&config.state_dir, &name, account, clock.now()).await?;
        let mut state = found.unwrap_or_default();
        if lost.whole || aside.is_some() {
            state.history_lost = Some(clock.now());
        }
        lost.set_aside.extend(aside);
        let own = Scope::witness(&name, witness.name.as_str());
        state.alerts = about(&|scope| *scope == own || is_of_node(scope, Some(witness)));
        let (main, fallback) = (policy::load(library, witness), policy::load_fallback(library, witness));
        let policies = Policies::new(main, fallback, witness.settings.clone(), clock, journal.clone());
        witnesses.push(WitnessTask::new(config, chain, witness, index, policies, state, clock.now()));
        for (node, place) in witness.nodes.iter().zip(0..) {
            if let Some(key) = node.beat {
                let probes = if node.probe.is_some() { BeatProbes::AreNotNeeded } else { BeatProbes::Count };
                beats.push(BeatPlace { key, inbox: sender.clone(), witness: index, node: NodeIndex(place), probes });
            }
            if let Some(endpoint) = node.probe.clone() {
                node_watch::add(&mut nodes, endpoint, witness.probe_interval, (index, NodeIndex(place)));
            }
        }
    }
    for node in nodes {
        tasks.spawn(watch_node(prober.clone(), node, chain.profile.clone(), sender.clone()));
    }
    let names = witnesses.iter().map(|task: &WitnessTask| task.watch().config().witness.clone()).collect();
    let watches = || witnesses.iter().map(WitnessTask::watch);
    let (next_block, following) = watch::channel(None);
    tasks.spawn(poll(pool.clone(), names, following, sender.clone()));
    let task = ChainTask {
        site: config.site.clone(),
        pool: pool.clone(),
        tracker: Tracker::new(TrackerConfig {
            chain: name.clone(),
            block_interval: chain.profile.block_interval,
            round_length: chain.profile.round_length,
            quorum: chain.quorum,
            stale_after: chain.stale_after,
        }),
        alerts: ChainAlerts::new(about(&|scope| *scope == Scope::chain(&name))),
        shared: SharedNodes::new(watches()),
        node_alerts: NodeAlerts::new(about(&|scope| is_of_node(scope, None)), watches()),
        witnesses,
        desk: desk.clone(),
        local: LocalTime::of(clock),
        jobs: JoinSet::new(),
        fetching: None,
        sources: Vec::new(),
        next_block,
        stored_upgrades,
        unsaved: Vec::new(),
        store_failure: store_failure.clone(),
        cycles,
    };
    tasks.spawn(task.run(inbox, sender.downgrade()));
    Ok(RunningChain { name, inbox: sender, pool, beats })
}
