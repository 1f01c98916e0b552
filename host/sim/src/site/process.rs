//! A running daemon: the real tracker, engine and alert desk, driven as the daemon's chain task drives them.

use std::collections::VecDeque;
use std::time::Duration;

use dogwatch_alerts::{AlertReport, Cause, Change, Scope};
use dogwatch_chain::{Block, BlockNum, Time};
use dogwatch_engine::{
    Beat, Beats, ChainAlerts, ClockReading, Command, Damping, Disable, EndpointReading, Event, Failback, Fit, Mode,
    NodeAlerts, NodeConfig, NodeIndex, PolicyAnswer, PolicyFile, Probe, ProbeFailure, Probing, Rails, SharedNodes,
    Sharing, Signing, Streak, Tracker, TrackerConfig, Unprobed, Watch, WatchConfig, is_sleep,
};
use rand::Rng as _;
use rand::rngs::SmallRng;

use crate::chain::ModelChain;
use crate::night::SiteSetup;
use crate::node::Node;
use crate::site::policy::{Decide, PolicyChoice};
use crate::site::store::SiteStore;
use crate::site::{Edit, SiteAction};

/// Attempts at reading blocks until a poll is given up.
const READS: u32 = 200;

/// Blocks that the pool reads at once.
const AT_ONCE: u32 = 30;

/// The age in slots up to which a head is fresh.
pub(crate) const FRESH: u32 = 5;

/// The process died in the middle of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Died;

/// What the process has at hand in a step.
pub(crate) struct StepTools<'a> {
    pub(crate) store: &'a mut SiteStore,
    pub(crate) policy: &'a mut dyn Decide,
    pub(crate) rng: &'a mut SmallRng,
    /// How many of a thousand steps it dies at.
    pub(crate) deadly: u32,
    pub(crate) actions: Vec<SiteAction>,
    pub(crate) slot: u64,
}

impl StepTools<'_> {
    fn step(&mut self) -> Result<(), Died> {
        if self.deadly > 0 && self.rng.random_range(0..1000) < self.deadly { Err(Died) } else { Ok(()) }
    }
}

/// What is seen of the nodes in a cycle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodesSeen<'a> {
    /// The results of the probes that are due.
    pub(crate) probed: &'a [(String, Result<Probe, ProbeFailure>)],
    /// The nodes whose processes have ended since the last cycle.
    pub(crate) gone: &'a [String],
    /// The nodes that can be connected to again.
    pub(crate) back: &'a [String],
    /// What the nodes' own machines say.
    pub(crate) beats: &'a [(String, Beat)],
}

/// What a process is started with.
#[derive(Debug)]
pub(crate) struct ProcessSetup<'a> {
    pub(crate) site: &'a SiteSetup,
    pub(crate) chain: &'a ModelChain,
    pub(crate) nodes: &'a [Node],
    pub(crate) edits: &'a [(usize, Edit)],
    pub(crate) operators: usize,
    pub(crate) witnesses: usize,
}

impl ProcessSetup<'_> {
    fn is_edited(&self, edit: Edit) -> bool {
        self.edits.iter().any(|(_, other)| *other == edit)
    }

    fn tracking(&self) -> TrackerConfig {
        let profile = &self.chain.profile;
        TrackerConfig {
            chain: profile.name.clone(),
            block_interval: profile.block_interval,
            round_length: profile.round_length,
            quorum: self.site.quorum_of(self.operators),
            stale_after: profile.slots(FRESH),
        }
    }

    fn watch(&self, witness: usize) -> Option<WatchConfig> {
        let nodes = self.nodes.iter().enumerate().map(|(index, node)| {
            let unprobed = self.is_edited(Edit::Unprobed(index));
            NodeConfig {
                name: node.name.clone(),
                key: node.key(witness),
                signing: if self.is_edited(Edit::KeyMissing(index)) { Signing::Missing } else { Signing::Available },
                probing: if unprobed { Probing::Never } else { Probing::Probed },
                beats: if self.site.beats { Beats::Expected } else { Beats::Never },
                unprobed: if unprobed { Unprobed::Allowed } else { Unprobed::Refused },
                sharing: if self.witnesses > 1 { Sharing::Shared } else { Sharing::Own },
            }
        });
        let mut nodes: Vec<NodeConfig> = nodes.collect();
        if self.site.reversed != self.is_edited(Edit::Reversed) {
            nodes.reverse();
        }
        Some(WatchConfig {
            site: "here".to_owned(),
            profile: self.chain.profile.clone(),
            witness: self.chain.elections.names.get(witness)?.clone(),
            tracker_index: witness,
            mode: if self.is_edited(Edit::Observe) { Mode::Observe } else { Mode::Armed },
            nodes,
            rails: RAILS,
            damping: DAMPING,
            expiration: Duration::from_secs(30),
            failback: match self.site.failback {
                0 => Failback::Manual,
                rounds => Failback::After(self.chain.profile.round().saturating_mul(rounds)),
            },
        })
    }
}

/// As it is by default.
const DAMPING: Damping = Damping {
    rise: Streak { probes: 2, lasts: Duration::from_secs(6) },
    fall: Streak { probes: 2, lasts: Duration::from_secs(2) },
};

/// The rails as they are by default.
pub(crate) const RAILS: Rails = Rails {
    budget: 3,
    budget_window: Duration::from_secs(3600),
    cool_down: Duration::from_secs(60),
    own_slot_guard: Duration::from_secs(4),
    min_participation: 102,
    candidate_fresh: Duration::from_secs(30),
    disable: Disable::Never,
};

/// A running daemon.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) tracker: Tracker,
    pub(crate) watches: Vec<Watch>,
    pub(crate) chain_alerts: ChainAlerts,
    /// The nodes that the witnesses share, and the alerts about those.
    shared: SharedNodes,
    node_alerts: NodeAlerts,
    /// Replaces the policy of the site.
    policy: Option<Box<dyn Decide>>,
    wakes: Vec<Option<Time>>,
    /// What the clock showed when the process last looked at it.
    looked: ClockReading,
}

impl std::fmt::Debug for dyn Decide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a policy")
    }
}

impl Process {
    pub(crate) fn start(setup: &ProcessSetup<'_>, store: &SiteStore, clock: ClockReading) -> Self {
        let watches = (0..setup.witnesses).filter_map(|witness| {
            let config = setup.watch(witness)?;
            let mut state = store.get(witness);
            // What is open stands at the desk, and nowhere else. All witnesses have all nodes.
            state.alerts = store.desk.book(|scope| match scope {
                Scope::Witness { witness, .. } => *witness == config.witness.as_str(),
                Scope::Node { .. } => true,
                Scope::Daemon { .. } | Scope::Chain { .. } => false,
            });
            Some(Watch::new(config, state, clock.shown))
        });
        let watches: Vec<Watch> = watches.collect();
        let policy = match (setup.is_edited(Edit::PolicyBroken), setup.is_edited(Edit::PolicyWild)) {
            (true, _) => Some(PolicyChoice::Broken),
            (false, true) => Some(PolicyChoice::Wild),
            (false, false) => None,
        };
        Self {
            tracker: Tracker::new(setup.tracking()),
            wakes: vec![None; watches.len()],
            shared: SharedNodes::new(watches.iter()),
            node_alerts: NodeAlerts::new(store.desk.book(|scope| matches!(scope, Scope::Node { .. })), watches.iter()),
            watches,
            chain_alerts: ChainAlerts::new(store.desk.book(|scope| matches!(scope, Scope::Chain { .. }))),
            policy: policy.map(|choice| choice.native(7)),
            looked: clock,
        }
    }

    /// Looks at the clock, as the daemon does at each event. What time it is, as far as the process knows.
    pub(crate) fn look(&mut self, clock: ClockReading) -> Time {
        let rested = clock.up.saturating_sub(self.looked.up);
        let later = self.tracker.note_clock(&self.looked, &clock).map_or(Duration::ZERO, |step| step.later);
        self.looked = clock;
        let now = self.tracker.corrected(clock.shown);
        if is_sleep(rested.saturating_add(later), self.tracker.config().block_interval) {
            self.chain_alerts.woke_up(now, &self.tracker);
        }
        now
    }

    /// A poll and the probes that are due with it.
    pub(crate) fn cycle(
        &mut self,
        clock: ClockReading,
        readings: &[EndpointReading],
        seen: NodesSeen<'_>,
        tools: &mut StepTools<'_>,
        blocks: impl Fn(&str, BlockNum, BlockNum) -> Vec<Block>,
    ) -> Result<(), Died> {
        self.look(clock);
        self.tracker.observe(clock.shown, readings);
        let now = self.tracker.corrected(clock.shown);
        self.read_blocks(readings, blocks);
        let mut reports = self.chain_alerts.observe(now, &self.tracker);
        reports.extend(self.node_alerts.refresh(now, || self.watches.iter()));
        tools.store.desk.report(now, tools.slot, reports);
        tools.store.desk.due(now, tools.slot);
        tools.step()?;
        for witness in 0..self.watches.len() {
            for name in seen.gone {
                let Some(place) = self.probed_place(witness, name) else { continue };
                self.feed(now, witness, Event::Gone(place), tools)?;
            }
            for name in seen.back {
                let Some(place) = self.probed_place(witness, name) else { continue };
                self.feed(now, witness, Event::Back(place), tools)?;
            }
            for (name, result) in seen.probed {
                let Some(place) = self.probed_place(witness, name) else { continue };
                self.feed(now, witness, Event::Probed(place, result.clone()), tools)?;
            }
            for (name, beat) in seen.beats {
                let Some(place) = self.watches.get(witness).and_then(|watch| watch.node_index(name)) else { continue };
                self.feed(now, witness, Event::Beat(place, *beat), tools)?;
            }
            self.feed(now, witness, Event::Observed, tools)?;
            self.tell_others(now, witness, tools)?;
            if let Some(wake) = self.wakes.get_mut(witness)
                && wake.is_some_and(|at| at <= now)
            {
                *wake = None;
                self.feed(now, witness, Event::Woken, tools)?;
            }
        }
        Ok(())
    }

    /// Tells the other witnesses what is new of this one's slots on the nodes that they share.
    fn tell_others(&mut self, now: Time, witness: usize, tools: &mut StepTools<'_>) -> Result<(), Died> {
        let Some(watch) = self.watches.get(witness) else { return Ok(()) };
        for (other, event) in self.shared.news(witness, watch) {
            self.feed(now, other, event, tools)?;
        }
        Ok(())
    }

    /// The place of a node at that witness, if it is probed there.
    fn probed_place(&self, witness: usize, name: &str) -> Option<NodeIndex> {
        let watch = self.watches.get(witness)?;
        let NodeIndex(place) = watch.node_index(name)?;
        let is_probed = watch.config().nodes.get(place).is_some_and(|node| node.probing == Probing::Probed);
        is_probed.then_some(NodeIndex(place))
    }

    fn read_blocks(&mut self, readings: &[EndpointReading], blocks: impl Fn(&str, BlockNum, BlockNum) -> Vec<Block>) {
        for _ in 0..READS {
            let Some((from, head)) = self.tracker.wanted() else { return };
            let to = head.min(BlockNum(from.0.saturating_add(AT_ONCE - 1)));
            let answers = readings.iter().filter(|reading| reading.result.is_ok());
            let serving = answers.filter(|reading| self.tracker.serves(&reading.endpoint));
            let read: Vec<Vec<Block>> = serving.map(|reading| blocks(&reading.endpoint, from, to)).collect();
            // Where nobody delivers the blocks, their headers do.
            let whole = |read: &&Vec<Block>| read.iter().all(|block| block.signing_key.is_some());
            let mut some = read.iter().filter(|read| !read.is_empty());
            let Some(read) = some.clone().find(whole).or_else(|| some.next()).cloned() else { return };
            if self.tracker.learn(read) == Fit::Linked && to == head {
                return;
            }
        }
    }

    /// An event, and all that follows from it.
    pub(crate) fn feed(
        &mut self,
        now: Time,
        witness: usize,
        event: Event,
        tools: &mut StepTools<'_>,
    ) -> Result<(), Died> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let Some(watch) = self.watches.get_mut(witness) else { return Ok(()) };
            let commands = watch.handle(now, &self.tracker, event);
            tools.step()?;
            let reports: Vec<AlertReport> = commands
                .iter()
                .filter_map(|command| match command {
                    Command::Report(report) => Some((**report).clone()),
                    _ => None,
                })
                .collect();
            let Some(watch) = self.watches.get(witness) else { return Ok(()) };
            let reports = self.node_alerts.merge(&watch.config().witness, reports, || self.watches.iter());
            let over =
                |report: &AlertReport| report.notice.key.cause == Cause::Missing && report.change == Change::Over;
            if reports.iter().any(over) {
                tools.actions.push(SiteAction::AllClear(witness));
            }
            tools.store.desk.report(now, tools.slot, reports);
            tools.store.put(tools.slot, witness, watch.state());
            tools.step()?;
            for command in commands {
                match command {
                    Command::AskPolicy(situation) => {
                        let file = PolicyFile { name: String::new(), sha256: String::new() };
                        let memory = watch.state().memory.of(&file).unwrap_or_default();
                        let decided = match &mut self.policy {
                            Some(policy) => policy.decide(&situation, memory),
                            None => tools.policy.decide(&situation, memory),
                        };
                        events.push_back(Event::Decided(PolicyAnswer::of(file, decided)));
                    }
                    Command::Send(plan) => tools.actions.push(SiteAction::Send(witness, *plan)),
                    Command::WakeAt(at) => {
                        if let Some(wake) = self.wakes.get_mut(witness) {
                            *wake = Some(wake.map_or(at, |old| old.min(at)));
                        }
                    }
                    Command::Record(record) => tools.actions.push(SiteAction::Decided(witness, *record)),
                    Command::Report(_) | Command::Answer(_) => {}
                }
            }
        }
        Ok(())
    }
}
