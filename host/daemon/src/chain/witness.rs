//! One witness in the daemon: its state machine, its policy and its keys.

use std::collections::BTreeMap;

use dogwatch_alerts::AlertReport;
use dogwatch_chain::{PublicKey, SecretKey, SignedTransaction, Time};
use dogwatch_client::PolicyStatus;
use dogwatch_engine::{
    self as engine, Command, DecisionRecord, Event, NodeConfig, NodeIndex, Probing, Refusal, Signing, SwitchPlan,
    Tracker, Watch, WatchConfig, WatchState,
};
use dogwatch_rpc::WireEvent;

use crate::chain::beats::{Beats, Heard};
use crate::chain::policy::Policies;
use crate::chain::wires::Wires;
use crate::config::{ChainConfig, Config, WitnessConfig};

/// A witness that is watched.
#[derive(Debug)]
pub struct WitnessTask {
    watch: Watch,
    policies: Policies,
    keys: BTreeMap<PublicKey, SecretKey>,
    stored: WatchState,
    wake_at: Option<Time>,
    wires: Wires,
    beats: Beats,
}

/// What is left to do once an event has been handled.
#[derive(Debug, Default)]
pub struct Effects {
    /// Reports for the alert desk.
    pub reports: Vec<AlertReport>,
    /// Switches to sign and send, once the state is stored.
    pub sends: Vec<SwitchPlan>,
    /// Decisions for the log.
    pub records: Vec<DecisionRecord>,
    /// The policy that decided last.
    pub policy: Option<PolicyStatus>,
    /// The answer to the operator, if there was a request.
    pub answer: Option<Result<dogwatch_chain::TransactionId, Vec<Refusal>>>,
}

impl WitnessTask {
    /// Continues from a stored state.
    pub fn new(
        config: &Config,
        chain: &ChainConfig,
        witness: &WitnessConfig,
        tracker_index: usize,
        policies: Policies,
        state: WatchState,
        now: Time,
    ) -> Self {
        let nodes = witness.nodes.iter().map(|node| NodeConfig {
            name: node.name.clone(),
            key: node.public_key,
            signing: if node.key.is_some() { Signing::Available } else { Signing::Missing },
            probing: if node.probe.is_some() || node.beat.is_some() { Probing::Probed } else { Probing::Never },
            beats: if node.beat.is_some() { engine::Beats::Expected } else { engine::Beats::Never },
            unprobed: node.unprobed,
            sharing: node.sharing,
        });
        let keys = witness.nodes.iter().filter_map(|node| Some((node.public_key, node.key.clone()?)));
        let watch_config = WatchConfig {
            site: config.site.clone(),
            profile: chain.profile.clone(),
            witness: witness.name.clone(),
            tracker_index,
            mode: witness.mode,
            nodes: nodes.collect(),
            rails: witness.rails,
            damping: witness.damping,
            expiration: witness.expiration,
            failback: witness.failback,
        };
        Self {
            watch: Watch::new(watch_config, state.clone(), now),
            policies,
            keys: keys.collect(),
            wires: Wires::new(witness.nodes.len(), now),
            beats: Beats::new(witness.nodes.len()),
            stored: state,
            wake_at: None,
        }
    }

    /// The state machine.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// When it has to be woken.
    pub fn wake_at(&self) -> Option<Time> {
        self.wake_at
    }

    /// The tripwires to its nodes.
    pub fn wires(&self) -> &Wires {
        &self.wires
    }

    /// Notes what happened to a node's tripwire. What it tells of the node's process, if anything.
    pub fn note_wire(&mut self, now: Time, node: NodeIndex, event: WireEvent) -> Option<Event> {
        self.wires.note(now, node, event)
    }

    /// What the machines of its nodes say.
    pub fn beats(&self) -> &Beats {
        &self.beats
    }

    /// Notes what was heard of a node's machine.
    pub fn note_beat(&mut self, now: Time, tracker: &Tracker, node: NodeIndex, heard: Heard) -> Option<Event> {
        let arrived = match heard {
            Heard::Beat { arrived, .. } => tracker.corrected(arrived),
            Heard::WrongClock(_) | Heard::Silence(_) | Heard::Deaf => now,
        };
        self.beats.note(now, arrived, node, heard).map(|beat| Event::Beat(node, beat))
    }

    /// Its policies.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Its policies, to replace one.
    pub fn policies_mut(&mut self) -> &mut Policies {
        &mut self.policies
    }

    /// Handles an event and the policy's answer to it.
    pub fn handle(&mut self, now: Time, tracker: &Tracker, event: Event) -> Effects {
        if event == Event::Woken {
            self.wake_at = None;
        }
        let mut effects = Effects::default();
        let mut next = Some(event);
        while let Some(event) = next.take() {
            for command in self.watch.handle(now, tracker, event) {
                match command {
                    Command::AskPolicy(situation) => {
                        let memory = &self.watch.state().memory;
                        next = Some(Event::Decided(self.policies.ask(now, &situation, memory)));
                    }
                    Command::Send(plan) => effects.sends.push(*plan),
                    Command::Report(report) => effects.reports.push(*report),
                    Command::WakeAt(at) => self.wake_at = Some(self.wake_at.map_or(at, |known| known.min(at))),
                    Command::Record(record) => effects.records.push(*record),
                    Command::Answer(answer) => effects.answer = Some(answer),
                }
            }
        }
        effects.policy = self.policies.last().cloned();
        effects
    }

    /// The state, if it differs from what was last stored.
    pub fn unstored(&self) -> Option<&WatchState> {
        (self.stored != *self.watch.state()).then(|| self.watch.state())
    }

    /// Notes that the state is stored.
    pub fn mark_stored(&mut self) {
        self.stored = self.watch.state().clone();
    }

    /// Signs the transaction of a plan: the same bytes each time.
    ///
    /// # Errors
    ///
    /// If the private key of the current node is not loaded, or signing fails.
    pub fn sign(&self, plan: &SwitchPlan) -> Result<SignedTransaction, SignFailure> {
        let key = self.keys.get(&plan.from_key).ok_or(SignFailure::NoKey)?;
        Ok(plan.transaction().sign(&self.watch.config().profile, key)?)
    }
}

/// Why a switch cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignFailure {
    /// The private key of the current node is not loaded.
    #[error("the private key of the current node is not loaded")]
    NoKey,
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] dogwatch_chain::SignError),
}
