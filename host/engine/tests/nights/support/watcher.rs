//! One daemon: polls, decides, stores, sends; and may die between any two steps.

use std::collections::VecDeque;
use std::time::Duration;

use dogwatch_alerts::{Alert, AlertReport, Scope};
use dogwatch_chain::{BlockNum, Time, TransactionId};
use dogwatch_engine::{
    Beats, ChainAlerts, Command, Damping, DecisionRecord, Disable, Event, Failback, Fit, Mode, NodeConfig, NodeIndex,
    PolicyAnswer, PolicyFile, Probing, Rails, Refusal, SendReport, Sharing, Signing, Streak, SwitchPlan, Tracker,
    TrackerConfig, Unprobed, Watch, WatchConfig, WatchState,
};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::check;
use super::desk::AlertDesk;
use super::endpoint::{Endpoint, Taken};
use super::night::World;
use super::policy::Policy;

/// The daemon died here.
#[derive(Debug)]
pub(crate) struct Died;

/// A transmission, as the test remembers it.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) plan: SwitchPlan,
    pub(crate) id: TransactionId,
}

#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) tracker: Tracker,
    pub(crate) watch: Watch,
    pub(crate) chain_alerts: ChainAlerts,
}

#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) config: WatchConfig,
    pub(crate) tracking: TrackerConfig,
    pub(crate) policy: Policy,
    pub(crate) live: Option<Live>,
    pub(crate) stored: Option<String>,
    /// The same, so as not to write it again.
    persisted: Option<WatchState>,
    /// When within a slot it polls.
    pub(crate) polls: Vec<Duration>,
    /// How many of a thousand steps it dies at.
    pub(crate) deadly: u32,
    pub(crate) down_until: u64,
    pub(crate) deaths: u32,
    pub(crate) sent: Vec<Sent>,
    pub(crate) desk: AlertDesk,
    pub(crate) records: Vec<DecisionRecord>,
    pub(crate) answers: Vec<Result<TransactionId, Vec<Refusal>>>,
    /// Slots from taking a transaction to the first block that may hold it.
    pub(crate) delay: u64,
    /// Milliseconds by which its clock is ahead.
    pub(crate) clock_ahead: i64,
    wake: Option<Time>,
    rng: SmallRng,
}

pub(crate) fn rails() -> Rails {
    Rails {
        budget: 3,
        budget_window: Duration::from_secs(3600),
        cool_down: Duration::from_secs(60),
        own_slot_guard: Duration::from_secs(4),
        min_participation: 85,
        candidate_fresh: Duration::from_secs(30),
        disable: Disable::Never,
    }
}

impl Watcher {
    pub(crate) fn new(world: &World, polls: &[u64], seed: u64) -> Self {
        let nodes = world.nodes.iter().map(|node| NodeConfig {
            name: node.name.clone(),
            key: node.key,
            signing: Signing::Available,
            probing: Probing::Probed,
            beats: Beats::Never,
            unprobed: Unprobed::Refused,
            sharing: Sharing::Own,
        });
        let profile = world.chain.profile.clone();
        let endpoints = u32::try_from(world.endpoints.len()).unwrap();
        let tracking = TrackerConfig {
            chain: profile.name.clone(),
            block_interval: profile.block_interval,
            round_length: profile.round_length,
            quorum: endpoints.min(2),
            stale_after: profile.slots(5),
        };
        let config = WatchConfig {
            site: "here".to_owned(),
            witness: world.chain.witness.clone(),
            tracker_index: 0,
            mode: Mode::Armed,
            nodes: nodes.collect(),
            rails: rails(),
            damping: Damping { rise: Streak::of(3), fall: Streak::of(3) },
            expiration: Duration::from_secs(30),
            failback: Failback::Manual,
            profile,
        };
        Self {
            config,
            tracking,
            policy: Policy::Threshold(2),
            live: None,
            stored: None,
            persisted: None,
            polls: polls.iter().map(|ms| Duration::from_millis(*ms)).collect(),
            deadly: 0,
            down_until: 0,
            deaths: 0,
            sent: Vec::new(),
            desk: AlertDesk::new(),
            records: Vec::new(),
            answers: Vec::new(),
            delay: 1,
            clock_ahead: 0,
            wake: None,
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    pub(crate) fn state(&self) -> WatchState {
        match (&self.live, &self.stored) {
            (Some(live), _) => live.watch.state().clone(),
            (None, Some(stored)) => Self::load(stored),
            (None, None) => WatchState::default(),
        }
    }

    fn load(stored: &str) -> WatchState {
        serde_json::from_str(stored).unwrap()
    }

    pub(crate) fn start(&mut self, now: Time) {
        let mut state = self.stored.as_deref().map(Self::load).unwrap_or_default();
        // What is open stands at the desk, and nowhere else.
        state.alerts = self.desk.book(|scope| matches!(scope, Scope::Witness { .. }));
        let book = self.desk.book(|scope| matches!(scope, Scope::Chain { .. }));
        self.live = Some(Live {
            tracker: Tracker::new(self.tracking.clone()),
            watch: Watch::new(self.config.clone(), state, now),
            chain_alerts: ChainAlerts::new(book),
        });
        self.wake = None;
    }

    pub(crate) fn die(&mut self, until: u64) {
        self.live = None;
        self.down_until = until;
        self.deaths += 1;
    }

    fn boundary(&mut self) -> Result<(), Died> {
        if self.deadly > 0 && self.rng.random_range(0..1000) < self.deadly { Err(Died) } else { Ok(()) }
    }

    /// One poll. Restarts the daemon when its time has come.
    pub(crate) fn poll(&mut self, now: Time, slot: u64, world: &mut World) {
        if slot < self.down_until {
            return;
        }
        if self.live.is_none() {
            self.start(self.local(now));
        }
        if self.round(now, slot, world).is_err() {
            let down = self.rng.random_range(0..30);
            self.die(slot + down);
        }
    }

    /// What its clock shows.
    fn local(&self, now: Time) -> Time {
        Time::from_millis(now.as_millis() + self.clock_ahead)
    }

    /// What it takes for the time.
    pub(crate) fn corrected(&self, now: Time) -> Time {
        self.live.as_ref().unwrap().tracker.corrected(self.local(now))
    }

    fn round(&mut self, now: Time, slot: u64, world: &mut World) -> Result<(), Died> {
        self.read_chain(now, world);
        let now = self.corrected(now);
        let live = self.live.as_mut().unwrap();
        let reports = live.chain_alerts.observe(now, &live.tracker);
        self.persist(now, reports);
        self.desk.due(now);
        self.boundary()?;
        for index in 0..world.nodes.len() {
            let Some(place) = self.config.nodes.iter().position(|node| node.name == world.nodes[index].name) else {
                continue;
            };
            let result = world.nodes[index].probe(&world.chain);
            self.feed(now, slot, world, Event::Probed(NodeIndex(place), result))?;
        }
        self.feed(now, slot, world, Event::Observed)?;
        if self.wake.is_some_and(|at| at <= now) {
            self.wake = None;
            self.feed(now, slot, world, Event::Woken)?;
        }
        Ok(())
    }

    fn read_chain(&mut self, now: Time, world: &World) {
        let local = self.local(now);
        let tracker = &mut self.live.as_mut().unwrap().tracker;
        let read = |endpoint: &Endpoint| endpoint.read(world.shown_by(endpoint), now, local);
        let readings: Vec<_> = world.endpoints.iter().map(read).collect();
        tracker.observe(local, &readings);
        // Bounded by nothing but the tracker's own promise to come to an end.
        for round in 0.. {
            assert!(round < 500, "learning blocks never ends");
            let Some((from, to)) = tracker.wanted() else { break };
            let Some(source) = world.endpoints.iter().find(|endpoint| tracker.serves(&endpoint.name)) else { break };
            if tracker.learn(source.blocks(world.shown_by(source), from, to)) == Fit::Linked {
                break;
            }
        }
    }

    /// One transaction: the state, and what is reported of it.
    fn persist(&mut self, now: Time, reports: Vec<AlertReport>) {
        self.desk.report(now, reports);
        let state = self.live.as_ref().unwrap().watch.state();
        if self.persisted.as_ref().is_none_or(|old| old != state) {
            self.persisted = Some(state.clone());
            self.stored = Some(serde_json::to_string(state).unwrap());
        }
    }

    pub(crate) fn feed(&mut self, now: Time, slot: u64, world: &mut World, event: Event) -> Result<(), Died> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let live = self.live.as_mut().unwrap();
            let commands = live.watch.handle(now, &live.tracker, event);
            self.boundary()?;
            let reports = commands.iter().filter_map(|command| match command {
                Command::Report(report) => Some((**report).clone()),
                _ => None,
            });
            let reports: Vec<AlertReport> = reports.collect();
            for report in &reports {
                check::all_clear(self, world, report);
            }
            self.persist(now, reports);
            self.boundary()?;
            for command in commands {
                match command {
                    Command::AskPolicy(situation) => {
                        let decided = self.policy.decide(&situation, &mut self.rng);
                        let file = PolicyFile { name: String::new(), sha256: String::new() };
                        events.push_back(Event::Decided(PolicyAnswer::of(file, decided)));
                    }
                    Command::Send(plan) => {
                        let report = self.send(now, slot, world, &plan);
                        self.boundary()?;
                        events.push_back(Event::Sent(plan.id(&self.config.profile), report));
                    }
                    Command::Report(_) => {}
                    Command::WakeAt(at) => self.wake = Some(self.wake.map_or(at, |old| old.min(at))),
                    Command::Record(record) => self.records.push(*record),
                    Command::Answer(answer) => self.answers.push(answer),
                }
                self.boundary()?;
            }
        }
        Ok(())
    }

    fn send(&mut self, now: Time, slot: u64, world: &mut World, plan: &SwitchPlan) -> SendReport {
        check::sending(self, now, world, plan);
        let id = plan.id(&self.config.profile);
        self.sent.push(Sent { plan: plan.clone(), id });
        let mut report = SendReport::default();
        let World { chain, endpoints, .. } = world;
        for endpoint in endpoints.iter() {
            match endpoint.offer(chain, plan, slot + self.delay) {
                Taken::Accepted => report.accepted += 1,
                Taken::Mismatch => report.key_mismatch += 1,
                Taken::Trouble(why) => report.troubles.push(format!("{}: {why}", endpoint.name)),
            }
        }
        report
    }

    pub(crate) fn head(&self) -> Option<BlockNum> {
        self.live.as_ref().and_then(|live| live.tracker.head()).map(|head| head.num())
    }

    /// Messages about alerts whose key holds that word.
    pub(crate) fn alerts(&self, kind: &str) -> Vec<&Alert> {
        self.desk.said.iter().filter(|alert| format!("{}/", alert.key).contains(&format!("/{kind}/"))).collect()
    }
}
