//! One witness: what is known of it, what is under way, and what to do next.
//!
//! [`Watch::handle`] takes an event and answers with commands. It has no clock, draws no random numbers and does no
//! I/O: whoever drives it stores [`Watch::state`] before it carries out any [`Command::Send`].

mod begin;
mod decide;
mod facts;
mod observe;
#[cfg(test)]
mod scene;
mod settle;
mod situate;
mod text;

use std::collections::BTreeMap;

use dogwatch_chain::{PublicKey, Time, TransactionId};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, AlertKey, Subject};
use crate::book::{AlertBook, Notice};
use crate::cause::Cause;
use crate::config::{NodeConfig, WatchConfig};
use crate::decision::Decision;
use crate::health::{NodeHealth, Probe};
use crate::rails::Refusal;
use crate::situation::{Holder, NodeIndex, OwnSlot, Situation, Verdict};
use crate::switch::{InFlight, KeyRecord, SwitchPlan, SwitchRecord, Target, Unproven};
use crate::tally::Tally;
use crate::tracker::Tracker;

/// What survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The policy's memory.
    pub memory: Vec<u8>,
    /// The key on chain.
    pub key: Option<KeyRecord>,
    /// Own slots of the last rounds, oldest first.
    pub slots: Vec<SlotRecord>,
    /// The newest slot whose fate is known: what lies between it and a log that starts later is a hole.
    pub seen: Option<dogwatch_chain::Slot>,
    /// A switch that is on its way.
    pub in_flight: Option<InFlight>,
    /// A switch that is in a block and not proven yet.
    pub unproven: Option<Unproven>,
    /// Past switches, oldest first.
    pub switches: Vec<SwitchRecord>,
    /// Open alerts.
    pub alerts: AlertBook,
    /// Until when automatic switches are paused.
    pub paused_until: Option<Time>,
    /// Own slots by the hour.
    #[serde(default)]
    pub tally: Tally,
}

/// One of the witness's own slots, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRecord {
    /// The slot.
    pub slot: dogwatch_chain::Slot,
    /// When it was.
    pub time: Time,
    /// What became of it.
    pub outcome: crate::situation::SlotOutcome,
    /// Whose key signed it or would have had to.
    pub holder: Target,
}

/// How handing a transaction to the endpoints went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendReport {
    /// Endpoints that took it or had it already.
    pub accepted: u32,
    /// Endpoints that refused the compare-and-swap: the key on chain is no longer the one it names.
    pub key_mismatch: u32,
    /// What the others said.
    pub troubles: Vec<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The tracker has taken in a round of answers.
    Observed,
    /// A node was probed.
    Probed(NodeIndex, Result<Probe, String>),
    /// The policy answered, or could not.
    Decided(Result<Decision, String>),
    /// A transaction was handed to the endpoints.
    Sent(TransactionId, SendReport),
    /// The operator wants a switch.
    Manual(Target, Force),
    /// The operator pauses automatic switches.
    Pause(Time),
    /// The operator ends the pause.
    Resume,
    /// The time asked for by [`Command::WakeAt`] has come.
    Woken,
}

/// Whether an operator passes the soft rails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// All rails hold.
    No,
    /// Only the hard ones do.
    Yes,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask the policy, with the memory of [`State::memory`], and answer with [`Event::Decided`].
    AskPolicy(Box<Situation>),
    /// Sign this and hand it to the endpoints, once the state is stored; answer with [`Event::Sent`].
    Send(Box<SwitchPlan>),
    /// Deliver this.
    Say(Box<Alert>),
    /// Send [`Event::Woken`] at that time.
    WakeAt(Time),
    /// Log this.
    Record(Box<DecisionRecord>),
    /// Tell the operator what became of the wish.
    Answer(Result<TransactionId, Vec<Refusal>>),
}

/// One decision, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// Whose fault the misses are.
    pub verdict: Verdict,
    /// What the decision stands on.
    pub evidence: String,
    /// What was proposed, and whether it was done.
    pub outcome: String,
    /// Why.
    pub reason: String,
}

/// The state machine of one witness.
#[derive(Clone, Debug)]
pub struct Watch {
    config: WatchConfig,
    state: State,
    health: Vec<NodeHealth>,
    last_record: Option<DecisionRecord>,
    /// The last switch that was started in this run.
    begun: Option<TransactionId>,
    /// By code: since when a refusal has stood in the policy's way.
    standing: BTreeMap<&'static str, Time>,
    /// Since when the endpoints have shown another signing key than the one on chain.
    key_split_since: Option<Time>,
}

impl Watch {
    /// A watch that goes on from a stored state, or from nothing.
    pub fn new(config: WatchConfig, state: State, now: Time) -> Self {
        let health = config.nodes.iter().map(|_| NodeHealth::new(now)).collect();
        Self { config, state, health, last_record: None, begun: None, standing: BTreeMap::new(), key_split_since: None }
    }

    /// The configuration.
    pub fn config(&self) -> &WatchConfig {
        &self.config
    }

    /// What must survive a restart.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A node's health.
    pub fn health(&self, node: NodeIndex) -> Option<&NodeHealth> {
        self.health.get(node.0)
    }

    /// Takes in an event.
    pub fn handle(&mut self, now: Time, tracker: &Tracker, event: Event) -> Vec<Command> {
        let mut out = Vec::new();
        match event {
            Event::Observed => self.observed(now, tracker, &mut out),
            Event::Probed(node, result) => self.probed(now, tracker, node, result, &mut out),
            Event::Decided(result) => self.decided(now, tracker, result, &mut out),
            Event::Sent(id, report) => self.sent(now, id, &report, &mut out),
            Event::Manual(target, force) => self.manual(now, tracker, &target, force, &mut out),
            Event::Pause(until) => self.state.paused_until = Some(until),
            Event::Resume => self.state.paused_until = None,
            Event::Woken => self.ask(now, tracker, &mut out),
        }
        out
    }

    /// Who holds a key.
    fn holder_of(&self, key: PublicKey) -> Target {
        if key.is_null() {
            return Target::Disabled;
        }
        let node = self.config.nodes.iter().find(|node| node.key == key);
        node.map_or(Target::Foreign, |node| Target::Node(node.name.clone()))
    }

    /// Who holds the key on chain, once it is known.
    pub fn holder(&self) -> Option<Target> {
        self.state.key.map(|record| self.holder_of(record.key))
    }

    /// A node of the configuration, by its name.
    fn node(&self, name: &str) -> Option<&NodeConfig> {
        self.config.nodes.iter().find(|node| node.name == name)
    }

    /// The place of a node by its name.
    pub fn node_index(&self, name: &str) -> Option<NodeIndex> {
        self.config.nodes.iter().position(|node| node.name == name).map(NodeIndex)
    }

    /// A target as policies see it; a node that left the configuration is a stranger.
    fn as_holder(&self, target: &Target) -> Holder {
        match target {
            Target::Node(name) => self.node_index(name).map_or(Holder::Foreign, Holder::Node),
            Target::Disabled => Holder::Disabled,
            Target::Foreign => Holder::Foreign,
        }
    }

    fn own_slots(&self) -> Vec<OwnSlot> {
        let own = |record: &SlotRecord| OwnSlot {
            slot: record.slot,
            time: record.time,
            outcome: record.outcome,
            holder: self.as_holder(&record.holder),
        };
        self.state.slots.iter().map(own).collect()
    }

    fn alert_key(&self, cause: Cause) -> AlertKey {
        AlertKey(format!("witness/{}/{}/{cause}", self.config.profile.name, self.config.witness))
    }

    /// The key where there may be several of a kind.
    fn part_key(&self, cause: Cause, part: &str) -> AlertKey {
        AlertKey(format!("{}/{part}", self.alert_key(cause)))
    }

    fn subject(&self) -> Subject {
        Subject::Witness(self.config.witness.clone())
    }

    fn raise(&mut self, now: Time, notice: Notice, out: &mut Vec<Command>) {
        let alert = self.state.alerts.raise(now, &self.config.profile.name, self.config.repeat, notice);
        out.extend(alert.map(|alert| Command::Say(Box::new(alert))));
    }

    fn update(&mut self, now: Time, notice: Notice, out: &mut Vec<Command>) {
        let alert = self.state.alerts.update(now, &self.config.profile.name, notice);
        out.push(Command::Say(Box::new(alert)));
    }

    fn resolve(&mut self, now: Time, cause: Cause, how: &str, out: &mut Vec<Command>) {
        self.resolve_key(now, &self.alert_key(cause), how, out);
    }

    fn resolve_key(&mut self, now: Time, key: &AlertKey, how: &str, out: &mut Vec<Command>) {
        let alert = self.state.alerts.resolve(now, key, how);
        out.extend(alert.map(|alert| Command::Say(Box::new(alert))));
    }

    /// Closes what an earlier decision raised and this one does not.
    fn resolve_others(&mut self, now: Time, cause: Cause, keep: &[AlertKey], how: &str, out: &mut Vec<Command>) {
        let prefix = self.part_key(cause, "").0;
        let alerts = self.state.alerts.resolve_others(now, &prefix, keep, how);
        out.extend(alerts.into_iter().map(|alert| Command::Say(Box::new(alert))));
    }
}
