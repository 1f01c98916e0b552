//! One chain in the daemon: polls its endpoints in step with the slots, feeds its witnesses, carries out what they
//! decide. Everything about a chain happens in this one task, one message after the other.

mod feeds;
mod report;

use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{AccountName, Time};
use dogwatch_engine::{ChainAlerts, Event, Fit, Force, NodeIndex, Probe, SendReport, SwitchPlan, Target, Tracker};
use dogwatch_rpc::{PollRequest, Pool, Prober};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::guard::{Effects, Guard, Policy};
use crate::status::ChainStatus;
use crate::store::{Recipient, Store, Write};

/// How often blocks are asked for in one go, when they turn out to lie on another branch.
const FETCHES: usize = 8;

/// Something that reaches a chain's task.
#[derive(Debug)]
pub enum Message {
    /// The endpoints were polled.
    Polled(Vec<dogwatch_rpc::EndpointReading>),
    /// A node was probed.
    Probed(usize, NodeIndex, Result<Probe, String>),
    /// A transaction was handed to the endpoints.
    Sent(usize, dogwatch_chain::TransactionId, SendReport),
    /// Somebody wants to know.
    Status(oneshot::Sender<ChainStatus>),
    /// The operator wants a switch.
    Switch(AccountName, Target, Force, oneshot::Sender<SwitchAnswer>),
    /// The operator pauses (until then) or resumes.
    Pause(AccountName, Option<Time>, oneshot::Sender<bool>),
    /// A policy was replaced.
    Policy(usize, Policy),
}

/// What became of the operator's wish for a switch.
pub type SwitchAnswer = Result<dogwatch_chain::TransactionId, Vec<String>>;

/// A chain's task.
#[derive(Debug)]
pub struct ChainTask {
    /// Where this daemon runs.
    pub site: String,
    /// The endpoints.
    pub pool: Pool,
    /// What they show.
    pub tracker: Tracker,
    /// Alerts about the chain.
    pub alerts: ChainAlerts,
    /// The witnesses.
    pub guards: Vec<Guard>,
    /// What survives.
    pub store: Store,
    /// Who gets alerts.
    pub recipients: Arc<[Recipient]>,
    /// Rung when there are new alerts.
    pub bell: Arc<Notify>,
    /// The time.
    pub clock: Clock,
    /// What was last stored of the alerts.
    pub stored_book: dogwatch_engine::AlertBook,
    /// Sends of transactions that are under way.
    pub sending: JoinSet<()>,
}

impl ChainTask {
    /// Runs until the last sender is gone.
    pub async fn run(mut self, mut inbox: mpsc::Receiver<Message>, outbox: mpsc::WeakSender<Message>) {
        // Polls may hang for seconds; blindness is noticed in time all the same.
        let slot = self.tracker.config().block_interval.max(Duration::from_millis(100));
        let mut pulse = tokio::time::interval(slot);
        pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut polled_at: Option<Time> = None;
        loop {
            let woken = self.sleep_until_wake();
            tokio::select! {
                message = inbox.recv() => {
                    let Some(message) = message else { return };
                    if matches!(message, Message::Polled(_)) {
                        polled_at = Some(self.clock.now());
                    }
                    self.take(message, &outbox).await;
                }
                () = woken => self.wake(&outbox).await,
                _ = pulse.tick() => {
                    let now = self.clock.now();
                    if polled_at.is_some_and(|at| now.since(at) > slot.saturating_mul(3)) {
                        self.tracker.observe(now, &[]);
                        self.observed(now, &outbox).await;
                    }
                }
                Some(_) = self.sending.join_next() => {}
            }
        }
    }

    fn sleep_until_wake(&self) -> impl Future<Output = ()> + use<> {
        let wait = self.guards.iter().filter_map(Guard::wake_at).min().map(|at| at.since(self.clock.now()));
        async move {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        }
    }

    async fn wake(&mut self, outbox: &mpsc::WeakSender<Message>) {
        let now = self.clock.now();
        for index in 0..self.guards.len() {
            if self.guards.get(index).and_then(Guard::wake_at).is_some_and(|at| at <= now) {
                self.drive(index, Event::Woken, outbox).await;
            }
        }
    }

    async fn take(&mut self, message: Message, outbox: &mpsc::WeakSender<Message>) {
        match message {
            Message::Polled(readings) => self.polled(&readings, outbox).await,
            Message::Probed(witness, node, result) => {
                self.drive(witness, Event::Probed(node, result), outbox).await;
            }
            Message::Sent(witness, id, report) => {
                self.drive(witness, Event::Sent(id, report), outbox).await;
            }
            Message::Status(reply) => {
                let _ = reply.send(self.report());
            }
            Message::Switch(witness, target, force, reply) => {
                let answer = match self.find(&witness) {
                    Some(index) => self.drive(index, Event::Manual(target, force), outbox).await,
                    None => None,
                };
                let answer = answer.unwrap_or_else(|| Err(Vec::new()));
                let _ = reply.send(answer.map_err(|all| all.iter().map(describe).collect()));
            }
            Message::Pause(witness, until, reply) => {
                let index = self.find(&witness);
                if let Some(index) = index {
                    let event = until.map_or(Event::Resume, Event::Pause);
                    self.drive(index, event, outbox).await;
                }
                let _ = reply.send(index.is_some());
            }
            Message::Policy(witness, policy) => {
                if let Some(guard) = self.guards.get_mut(witness) {
                    guard.set_policy(policy);
                }
            }
        }
    }

    fn find(&self, witness: &AccountName) -> Option<usize> {
        self.guards.iter().position(|guard| guard.watch().config().witness == *witness)
    }

    async fn polled(&mut self, readings: &[dogwatch_rpc::EndpointReading], outbox: &mpsc::WeakSender<Message>) {
        let now = self.clock.now();
        self.tracker.observe(now, &feeds::readings(readings));
        // The same head again: the newest block is still on its way to the endpoints. Nothing new to fetch.
        for _ in 0..FETCHES {
            let Some((from, to)) = self.tracker.wanted() else { break };
            let source = readings
                .iter()
                .find(|reading| self.tracker.serves(reading.name.as_str()))
                .map(|reading| reading.endpoint);
            match self.pool.blocks(from, to, source).await {
                Ok(blocks) if blocks.is_empty() => break,
                Ok(blocks) => {
                    let reaches = blocks.last().is_some_and(|last| last.num() >= to);
                    if self.tracker.learn(blocks) == Fit::Linked && reaches {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(site = self.site, chain = self.tracker.config().chain, %error, "blocks could not be read");
                    break;
                }
            }
        }
        self.observed(self.clock.now(), outbox).await;
    }

    async fn observed(&mut self, now: Time, outbox: &mpsc::WeakSender<Message>) {
        let said = self.alerts.observe(now, &self.tracker);
        let chain = self.tracker.config().chain.clone();
        for alert in &said {
            feeds::log_alert(&self.site, &chain, "", alert);
        }
        if !said.is_empty() || self.stored_book != *self.alerts.book() {
            let mut writes: Vec<Write> =
                said.into_iter().map(|alert| Write::Alert { alert: Box::new(alert), witness: String::new() }).collect();
            writes.push(Write::Book { chain, book: self.alerts.book().clone() });
            if self.commit(writes).await {
                self.stored_book = self.alerts.book().clone();
            }
        }
        for index in 0..self.guards.len() {
            self.drive(index, Event::Observed, outbox).await;
        }
    }

    /// Works off an event of one witness: state and alerts to disk first, then what leaves the machine.
    async fn drive(
        &mut self,
        index: usize,
        event: Event,
        outbox: &mpsc::WeakSender<Message>,
    ) -> Option<Result<dogwatch_chain::TransactionId, Vec<dogwatch_engine::Refusal>>> {
        let guard = self.guards.get_mut(index)?;
        let effects = guard.handle(self.clock.now(), &self.tracker, event);
        let witness = guard.watch().config().witness.clone();
        let chain = guard.watch().config().profile.name.clone();
        feeds::log_effects(&self.site, &chain, &witness, &effects);
        let Effects { alerts, sends, answer, .. } = effects;

        let mut writes: Vec<Write> = alerts
            .into_iter()
            .map(|alert| Write::Alert { alert: Box::new(alert), witness: witness.to_string() })
            .collect();
        if let Some(state) = guard.unstored() {
            let state = Box::new(state.clone());
            writes.push(Write::State { chain, witness: witness.to_string(), state });
        }
        if !writes.is_empty() {
            if !self.commit(writes).await {
                // Nothing is sent that is not on disk. The next slot tries both again.
                return answer;
            }
            if let Some(guard) = self.guards.get_mut(index) {
                guard.mark_stored();
            }
        }
        for plan in sends {
            self.send(index, &plan, outbox.clone());
        }
        answer
    }

    async fn commit(&self, writes: Vec<Write>) -> bool {
        let told = writes.iter().any(|write| matches!(write, Write::Alert { .. }));
        match self.store.commit(writes, Arc::clone(&self.recipients)).await {
            Ok(()) => {
                if told {
                    self.bell.notify_waiters();
                }
                true
            }
            Err(error) => {
                tracing::error!(site = self.site, %error, "state and alerts could not be stored: nothing is sent");
                false
            }
        }
    }

    fn send(&mut self, index: usize, plan: &SwitchPlan, outbox: mpsc::WeakSender<Message>) {
        let Some(guard) = self.guards.get(index) else { return };
        let profile = &guard.watch().config().profile;
        let id = plan.id(profile);
        let signed = guard.sign(plan);
        let pool = self.pool.clone();
        let (site, witness) = (self.site.clone(), plan.witness.clone());
        self.sending.spawn(async move {
            let report = match signed {
                Ok(signed) => {
                    let report = pool.broadcast(&signed).await;
                    feeds::log_broadcast(&site, &pool.profile().name, &witness, &report);
                    feeds::send_report(&report)
                }
                Err(why) => SendReport { troubles: vec![why], ..SendReport::default() },
            };
            if let Some(outbox) = outbox.upgrade() {
                let _ = outbox.send(Message::Sent(index, id, report)).await;
            }
        });
    }
}

fn describe(refusal: &dogwatch_engine::Refusal) -> String {
    let force = match refusal.strength() {
        dogwatch_engine::Strength::Hard => "",
        dogwatch_engine::Strength::Soft => " (--force passes this)",
    };
    format!("{refusal}{force}. {}", refusal.remedy())
}

/// Polls a chain's endpoints once a slot, a third of a slot after the block is due.
pub async fn poll(pool: Pool, witnesses: Vec<AccountName>, clock: Clock, inbox: mpsc::Sender<Message>) {
    let interval = pool.profile().block_interval;
    loop {
        let readings = pool.poll(&PollRequest { witnesses: &witnesses }).await;
        let newest = readings.iter().filter_map(|reading| Some(reading.result.as_ref().ok()?.head.time)).max();
        if inbox.send(Message::Polled(readings)).await.is_err() {
            return;
        }
        tokio::time::sleep(feeds::until_next_poll(clock.now(), newest, interval)).await;
    }
}

/// Probes one node for as long as the chain's task listens.
pub async fn probe(
    prober: Prober,
    target: ProbeTarget,
    profile: dogwatch_chain::Profile,
    every: Duration,
    inbox: mpsc::Sender<Message>,
) {
    loop {
        let result = prober.probe(&target.endpoint, &profile).await;
        let result = result
            .map(|reading| Probe { head: reading.head, chain_id: reading.chain_id, version: reading.version })
            .map_err(|error| error.to_string());
        if inbox.send(Message::Probed(target.witness, target.node, result)).await.is_err() {
            return;
        }
        tokio::time::sleep(every).await;
    }
}

/// A node to probe.
#[derive(Clone, Debug)]
pub struct ProbeTarget {
    /// The witness's place in its chain's task.
    pub witness: usize,
    /// The node's place in its witness.
    pub node: NodeIndex,
    /// Where.
    pub endpoint: dogwatch_rpc::Endpoint,
}
