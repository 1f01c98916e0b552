//! The task of one chain: takes in polls, feeds the witnesses and carries out what they decide. Everything about a
//! chain happens in this one task, one message after the other.

use std::time::Duration;

use dogwatch_chain::{AccountName, Block, BlockNum, Time};
use dogwatch_client::{AlertStatus, ChainStatus};
use dogwatch_engine::{ChainAlerts, ClockStep, Event, Fit, NodeAlerts, SharedNodes, Tracker, is_sleep};
use dogwatch_rpc::{EndpointIndex, Pool, Uptime};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::alerts::desk::AlertDesk;
use crate::chain::local_time::LocalTime;
use crate::chain::message::Message;
use crate::chain::report::Sources;
use crate::chain::witness::WitnessTask;
use crate::chain::{convert, fetch, rehearse, unsaved};
use crate::fallback::store_failure::StoreFailureAlert;
use crate::liveness::CycleReporter;
use crate::store::Write;

/// How often to check the clock between polls: a sixth of a slot is 0.5 seconds on a real chain.
const TICK_IN_SLOTS: f32 = 1.0 / 6.0;

/// Ticks come no more often than on a chain with slots of this length.
const LEAST_SLOT: Duration = Duration::from_millis(100);

/// How often to ask for blocks in a row when they turn out to be on another branch.
const FETCHES: u32 = 8;

/// A chain's task.
#[derive(Debug)]
pub struct ChainTask {
    /// The site where this daemon runs.
    pub site: String,
    /// The endpoints.
    pub pool: Pool,
    /// The chain as the endpoints show it.
    pub tracker: Tracker,
    /// Alerts about the chain.
    pub alerts: ChainAlerts,
    /// The witnesses.
    pub witnesses: Vec<WitnessTask>,
    /// The nodes that they share.
    pub shared: SharedNodes,
    /// Alerts about those.
    pub node_alerts: NodeAlerts,
    /// The desk, which stores state and takes alerts.
    pub desk: AlertDesk,
    /// The time by this machine's clock, which the tracker corrects.
    pub local: LocalTime,
    /// Background jobs that report here: broadcasts and block reads.
    pub jobs: JoinSet<()>,
    /// If blocks are being read: how often they may be asked for again.
    pub fetching: Option<u32>,
    /// Endpoints to read blocks from, best first.
    pub sources: Vec<EndpointIndex>,
    /// The block that the next poll should fetch too, and from which endpoint.
    pub next_block: watch::Sender<Option<(EndpointIndex, BlockNum)>>,
    /// The stored fingerprints of the endpoints configured with `http://` but polled over https.
    pub stored_upgrades: Vec<String>,
    /// Alerts that could not be stored yet.
    pub unsaved: Vec<Write>,
    /// The alert that the state cannot be stored.
    pub store_failure: StoreFailureAlert,
    /// Reports each cycle, as a sign of life.
    pub cycles: CycleReporter,
}

/// What the task takes in next.
enum TaskEvent {
    Message(Option<Message>),
    Woken,
    Tick,
    JobEnded(Result<(), JoinError>),
}

impl ChainTask {
    /// Runs until the last sender is gone.
    pub async fn run(mut self, mut inbox: mpsc::Receiver<Message>, outbox: mpsc::WeakSender<Message>) {
        // Polls may hang for seconds; the ticks notice blindness in time all the same.
        let slot = self.tracker.config().block_interval.max(LEAST_SLOT);
        let mut ticks = tokio::time::interval(slot.mul_f32(TICK_IN_SLOTS));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut polled_at: Option<Instant> = None;
        let mut rested = self.local.uptime();
        loop {
            let woken = self.sleep_until_wake();
            let event = tokio::select! {
                message = inbox.recv() => TaskEvent::Message(message),
                () = woken => TaskEvent::Woken,
                _ = ticks.tick() => TaskEvent::Tick,
                Some(ended) = self.jobs.join_next() => TaskEvent::JobEnded(ended),
            };
            let slept = self.look_at_the_clock(rested);
            if is_sleep(slept, slot) {
                polled_at = polled_at.map(|_| Instant::now());
                self.alerts.woke_up(self.now(), &self.tracker);
                let (site, chain) = (&self.site, &self.tracker.config().chain);
                tracing::warn!(site, chain, ?slept, "this process did not run, or the clock was set");
            }
            match event {
                TaskEvent::Message(None) => return,
                TaskEvent::Message(Some(message)) => {
                    if let Message::Polled(at, _) = &message {
                        polled_at = Some(*at);
                    }
                    self.take(message, &outbox).await;
                }
                TaskEvent::Woken => self.wake(&outbox).await,
                TaskEvent::Tick => self.tick(polled_at, &outbox).await,
                TaskEvent::JobEnded(Ok(())) => {}
                // A job that died reports nothing: without this the task would wait for its blocks for ever.
                TaskEvent::JobEnded(Err(error)) => {
                    let (site, chain) = (&self.site, &self.tracker.config().chain);
                    tracing::error!(site, chain, %error, "a background job has died");
                    self.fetching = None;
                }
            }
            rested = self.local.uptime();
        }
    }

    /// Takes notice of a clock that was set, and returns how much time went by unnoticed since that uptime.
    fn look_at_the_clock(&mut self, since: Uptime) -> Duration {
        let rested = self.local.uptime().since(since);
        let Some(ClockStep { forward, later }) = self.local.look(&mut self.tracker) else { return rested };
        self.correct_pool();
        let (site, chain) = (&self.site, &self.tracker.config().chain);
        tracing::warn!(site, chain, forward_ms = forward, "this machine's clock was set");
        rested.saturating_add(later)
    }

    /// The right time, as far as is known: all that is told of the time to the engine goes by it.
    pub(super) fn now(&self) -> Time {
        self.tracker.corrected(self.local.now())
    }

    fn correct_pool(&self) {
        self.pool.correct_clock(convert::offset_millis(self.tracker.clock_offset()).saturating_neg());
    }

    async fn tick(&mut self, polled_at: Option<Instant>, outbox: &mpsc::WeakSender<Message>) {
        self.cycles.alive();
        if !self.unsaved.is_empty() {
            self.commit(Vec::new()).await;
        }
        let patience = self.tracker.config().block_interval.max(LEAST_SLOT).saturating_mul(3);
        if polled_at.is_some_and(|at| at.elapsed() > patience) {
            self.tracker.observe(self.local.now(), &[]);
            self.observed(outbox).await;
        } else if polled_at.is_some() && !self.alerts.is_well(&self.tracker) {
            // The grace period ends by the clock, not with the next answer.
            let said = self.alerts.observe(self.now(), &self.tracker);
            self.report(said).await;
        }
    }

    fn sleep_until_wake(&self) -> impl Future<Output = ()> + use<> {
        let wait = self.witnesses.iter().filter_map(WitnessTask::wake_at).min().map(|at| at.since(self.now()));
        async move {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        }
    }

    async fn wake(&mut self, outbox: &mpsc::WeakSender<Message>) {
        let now = self.now();
        for index in 0..self.witnesses.len() {
            if self.witnesses.get(index).and_then(WitnessTask::wake_at).is_some_and(|at| at <= now) {
                self.drive(index, Event::Woken, outbox).await;
            }
        }
    }

    async fn take(&mut self, message: Message, outbox: &mpsc::WeakSender<Message>) {
        match message {
            Message::Polled(_, readings) => self.polled(&readings, outbox).await,
            Message::Blocks(read) => self.blocks(read, outbox).await,
            Message::Probed(witness, node, result) => {
                self.drive(witness, Event::Probed(node, result), outbox).await;
            }
            Message::Wire(witness, node, event) => {
                let now = self.now();
                let task = self.witnesses.get_mut(witness);
                if let Some(news) = task.and_then(|task| task.note_wire(now, node, event)) {
                    self.drive(witness, news, outbox).await;
                }
            }
            Message::Beat(witness, node, heard) => {
                let (now, task) = (self.now(), self.witnesses.get_mut(witness));
                if let Some(news) = task.and_then(|task| task.note_beat(now, &self.tracker, node, heard)) {
                    self.drive(witness, news, outbox).await;
                }
            }
            Message::Sent(witness, id, report) => drop(self.drive(witness, Event::Sent(id, report), outbox).await),
            Message::Status(reply) => {
                let _ = reply.send(self.status());
            }
            Message::Switch(witness, target, kind, reply) => {
                let _ = reply.send(self.switch(&witness, target, kind, outbox).await);
            }
            Message::Pause(witness, span, reply) => {
                if let Some(stored) = self.pause(&witness, span, outbox).await {
                    let _ = reply.send(stored);
                }
            }
            Message::Rehearse(reply) => {
                let now = self.now();
                let rehearsed = self.witnesses.iter().map(|task| rehearse::witness(task, &self.tracker, now));
                let _ = reply.send(rehearsed.collect());
            }
            Message::LastSituation(witness, reply) => {
                let _ = reply.send(self.witnesses.get(witness).and_then(|task| {
                    let situation = task.policies().last_situation()?.clone();
                    Some((situation, task.watch().state().memory.clone()))
                }));
            }
            Message::Late(witness, role, policy) => {
                if let Some(task) = self.witnesses.get_mut(witness) {
                    task.policies_mut().complete(role, *policy);
                }
            }
            Message::Policy(witness, role, policy) => {
                if let Some(task) = self.witnesses.get_mut(witness) {
                    task.policies_mut().replace(role, *policy);
                }
            }
        }
    }

    fn status(&self) -> ChainStatus {
        let Self { tracker, pool, witnesses, .. } = self;
        let mut status = Sources { tracker, pool, witnesses }.status(self.now());
        // What waits for the disk is not at the desk yet.
        let waiting = unsaved::open(&self.unsaved);
        status.alerts = waiting.map(|report| AlertStatus::from(&report.clone().message())).collect();
        status
    }

    pub(super) fn find(&self, witness: &AccountName) -> Option<usize> {
        self.witnesses.iter().position(|task| task.watch().config().witness == *witness)
    }

    async fn polled(&mut self, readings: &[dogwatch_rpc::PollAnswer], outbox: &mpsc::WeakSender<Message>) {
        let before = self.now();
        self.tracker.observe(self.local.now(), &convert::readings(readings, &self.local));
        self.correct_pool();
        let now = self.now();
        let passed = now.since(before);
        if is_sleep(passed, self.tracker.config().block_interval.max(LEAST_SLOT)) {
            // A virtual machine that was paused learns only from the answers how long that was.
            self.alerts.woke_up(now, &self.tracker);
            let (site, chain) = (&self.site, &self.tracker.config().chain);
            tracing::warn!(site, chain, ?passed, "it is later than this machine's clock has shown");
        }
        self.sources = fetch::sources(readings, &self.tracker, self.sources.first().copied());
        if self.fetching.is_none() {
            fetch::learn_along(&mut self.tracker, &self.sources, readings);
        }
        // Otherwise the blocks on their way will bring the witnesses up to date.
        if self.fetching.is_none() {
            self.fetch_or_observe(FETCHES, outbox).await;
        }
    }

    /// Reads the missing blocks; if none is missing, shows the witnesses the chain.
    async fn fetch_or_observe(&mut self, rounds: u32, outbox: &mpsc::WeakSender<Message>) {
        let wanted = self.tracker.wanted().map(|(from, _)| from).zip(self.tracker.head().cloned());
        match (wanted, rounds.checked_sub(1)) {
            (Some((from, head)), Some(left)) => {
                self.fetching = Some(left);
                let (pool, sources, outbox) = (self.pool.clone(), self.sources.clone(), outbox.clone());
                self.jobs.spawn(async move {
                    let read = fetch::blocks(&pool, from, &head, sources).await;
                    if let Some(outbox) = outbox.upgrade() {
                        let _ = outbox.send(Message::Blocks(read)).await;
                    }
                });
            }
            _ => {
                self.fetching = None;
                self.observed(outbox).await;
            }
        }
    }

    async fn blocks(&mut self, read: Option<(EndpointIndex, Vec<Block>)>, outbox: &mpsc::WeakSender<Message>) {
        let rounds = self.fetching.take().unwrap_or(0);
        let Some((source, blocks)) = read else {
            let (site, chain) = (&self.site, &self.tracker.config().chain);
            tracing::warn!(site, chain, "no endpoint delivers the blocks up to its head, or their headers");
            // The endpoint that was asked first goes to the end of the queue.
            if !self.sources.is_empty() {
                self.sources.rotate_left(1);
            }
            return self.fetch_or_observe(0, outbox).await;
        };
        // The endpoint that answered first is asked first the next time.
        self.sources.sort_by_key(|known| *known != source);
        let before = self.tracker.log().tip().map(|tip| tip.id);
        let fit = self.tracker.learn(blocks);
        let moved = fit == Fit::Forked || self.tracker.log().tip().map(|tip| tip.id) != before;
        self.fetch_or_observe(if moved { rounds } else { 0 }, outbox).await;
    }

    async fn observed(&mut self, outbox: &mpsc::WeakSender<Message>) {
        let now = self.now();
        let mut said = self.alerts.observe(now, &self.tracker);
        let chain = self.tracker.config().chain.clone();
        let upgraded = self.pool.upgraded();
        let shown: Vec<(String, String)> =
            upgraded.iter().map(|(name, why, _)| (name.to_string(), why.to_string())).collect();
        said.extend(self.alerts.upgraded(now, &chain, &shown));
        let downgraded: Vec<String> = self.pool.downgraded().iter().map(|(name, _)| name.to_string()).collect();
        said.extend(self.alerts.downgraded(now, &chain, &downgraded));
        said.extend(self.node_alerts.refresh(now, || self.witnesses.iter().map(WitnessTask::watch)));
        let next = self.tracker.log().tip().map(|tip| tip.num().next());
        self.next_block.send_replace(self.sources.first().copied().zip(next));
        self.report(said).await;
        let upgraded = upgraded.into_iter().map(|(_, _, fingerprint)| fingerprint);
        let downgraded = self.pool.downgraded().into_iter().map(|(_, fingerprint)| fingerprint);
        let fingerprints: Vec<String> = upgraded.chain(downgraded).collect();
        if fingerprints != self.stored_upgrades
            && self.commit(vec![Write::Upgrades { chain, fingerprints: fingerprints.clone() }]).await
        {
            self.stored_upgrades = fingerprints;
        }
        for index in 0..self.witnesses.len() {
            self.drive(index, Event::Observed, outbox).await;
            self.tell_others(index, outbox).await;
        }
        self.cycles.completed(self.local.uptime(), self.trouble());
    }

    /// What keeps this loop from doing its work, if anything does.
    fn trouble(&self) -> Option<String> {
        if !self.alerts.is_well(&self.tracker) {
            return Some("no fresh, agreed head".to_owned());
        }
        if self.alerts.is_blind(&self.tracker) {
            return Some("the witness cannot be judged: an open alert says why".to_owned());
        }
        let unstored = self.witnesses.iter().any(|task| task.unstored().is_some());
        if !self.unsaved.is_empty() || unstored || !self.desk.store.is_in_place() {
            return Some("the state cannot be stored".to_owned());
        }
        self.witnesses.iter().find_map(|task| {
            let trouble = task.policies().undecided()?;
            Some(format!("nothing decides for {}: {trouble}", task.watch().config().witness))
        })
    }
}
