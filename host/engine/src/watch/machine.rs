//! The state machine of one witness: what it holds, and which event goes where.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::{AccountName, PublicKey, Slot, Time, TransactionId};

use crate::chain::Tracker;
use crate::config::{NodeConfig, WatchConfig};
use crate::health::NodeHealth;
use crate::holder::Holder;
use crate::situation::NodeIndex;
use crate::switch::{Origin, SwitchPlan};
use crate::watch::event::{Command, DecisionRecord, Event, Force};
use crate::watch::key::KeySightings;
use crate::watch::shared::SharedSlots;
use crate::watch::state::WatchState;
use crate::watch::turn::Turn;

/// The state machine of one witness.
#[derive(Clone, Debug)]
pub struct Watch {
    pub(super) config: WatchConfig,
    pub(super) state: WatchState,
    pub(super) health: Vec<NodeHealth>,
    pub(super) last_record: Option<DecisionRecord>,
    /// Whether neither the policy nor the fallback gave the last decision.
    pub(super) undecided: bool,
    /// The last switch that was started in this run.
    pub(super) begun: Option<TransactionId>,
    /// By code: since when a refusal has stood in the policy's way.
    pub(super) refused_since: BTreeMap<&'static str, Time>,
    /// Since when the endpoints have shown another signing key than the one on chain.
    pub(super) key_split_since: Option<Time>,
    /// How many forks of the log the records of own slots have taken in, and the newest slot that is irreversible.
    pub(super) branch: (u32, Option<Slot>),
    /// Blocks missed by the endpoints' counter alone, as of the last observation.
    pub(super) unseen_before: u32,
    /// Slots of which nobody knows whose they were lay between the witness's last block and the moment when it was told.
    pub(super) told_in_between: bool,
    /// The last switch, if somebody else was first: should a fork undo that, it may yet get into a block.
    pub(super) overtaken: Option<SwitchPlan>,
    /// When the endpoints showed which key.
    pub(super) sightings: KeySightings,
    /// Since when something has spoken for it that the endpoints show a minority's branch.
    pub(super) fork_since: Option<Time>,
    /// Since when nothing has spoken for that.
    pub(super) fork_gone_since: Option<Time>,
    /// What the slots of other witnesses tell of the nodes that they share with this one. Not stored: each of them has its own
    /// slots stored, from which it is told anew after a restart.
    pub(super) shared: BTreeMap<(NodeIndex, AccountName), SharedSlots>,
}

impl Watch {
    /// A watch that continues from a stored state, or starts with an empty one.
    pub fn new(config: WatchConfig, state: WatchState, now: Time) -> Self {
        let health = config.nodes.iter().map(|_| NodeHealth::new(now)).collect();
        Self {
            config,
            state,
            health,
            last_record: None,
            undecided: false,
            begun: None,
            refused_since: BTreeMap::new(),
            key_split_since: None,
            branch: (0, None),
            unseen_before: u32::MAX,
            told_in_between: false,
            overtaken: None,
            sightings: KeySightings::default(),
            fork_since: None,
            fork_gone_since: None,
            shared: BTreeMap::new(),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &WatchConfig {
        &self.config
    }

    /// What must survive a restart.
    pub fn state(&self) -> &WatchState {
        &self.state
    }

    /// A node's health.
    pub fn health(&self, node: NodeIndex) -> Option<&NodeHealth> {
        self.health.get(node.0)
    }

    /// Takes in an event.
    pub fn handle(&mut self, now: Time, tracker: &Tracker, event: Event) -> Vec<Command> {
        let mut turn = Turn::new(now, tracker);
        // By the chain's time: this machine's clock may be wrong when a pause begins, or be set before it ends.
        let chain_time = tracker.time(now);
        let lasts = |until: &Time| tracker.head().is_none() || *until > chain_time;
        self.state.paused_until = self.state.paused_until.filter(lasts);
        match event {
            Event::Observed => self.observed(&mut turn),
            Event::Probed(node, result) => self.probed(&mut turn, node, result),
            Event::Gone(node) => self.gone(&mut turn, node),
            Event::Back(node) => self.back(node),
            Event::Beat(node, beat) => self.beat(&mut turn, node, beat),
            Event::Shared(node, slots) => self.told(&mut turn, node, *slots),
            Event::Decided(result) => self.decided(&mut turn, result),
            Event::Sent(id, report) => self.sent(&mut turn, id, &report),
            Event::Manual(target, force) => self.manual(&mut turn, &target, Origin::Operator, force),
            Event::Planned(target) => self.manual(&mut turn, &target, Origin::Planned, Force::No),
            Event::Pause(span) => {
                // While the chain stands still or cannot be seen its time lags behind. A clock that nobody has measured may be
                // wrong by a day.
                let begin = if tracker.clock_is_measured() { chain_time.max(now) } else { chain_time };
                self.state.paused_until = Some(begin.plus(span));
            }
            Event::Resume => self.state.paused_until = None,
            Event::Woken => self.ask(&mut turn),
        }
        turn.into_commands()
    }

    /// Who holds a key.
    pub(super) fn holder_of(&self, key: PublicKey) -> Holder {
        if key.is_null() {
            return Holder::Disabled;
        }
        let node = self.config.nodes.iter().find(|node| node.key == key);
        node.map_or(Holder::Foreign, |node| Holder::Node(node.name.clone()))
    }

    /// Who holds the key on chain, once it is known.
    pub fn holder(&self) -> Option<Holder> {
        self.state.key.map(|record| self.holder_of(record.key))
    }

    /// A node of the configuration, by its name.
    pub(super) fn node(&self, name: &str) -> Option<&NodeConfig> {
        self.config.nodes.iter().find(|node| node.name == name)
    }

    /// The place of a node, by its name.
    pub fn node_index(&self, name: &str) -> Option<NodeIndex> {
        self.config.nodes.iter().position(|node| node.name == name).map(NodeIndex)
    }

    /// The health of the node that holds the key, if one does.
    pub(super) fn health_of(&self, holder: &Holder) -> Option<&NodeHealth> {
        let Holder::Node(name) = holder else { return None };
        self.health(self.node_index(name)?)
    }

    /// Slots in a round.
    pub(super) fn round(&self) -> u64 {
        u64::from(self.config.profile.round_length)
    }

    /// Time from slot to slot.
    pub(super) fn interval(&self) -> Duration {
        self.config.profile.block_interval
    }
}
