//! One site: a machine with a clock, a disk and a network, and the daemon that runs on it.

pub(crate) mod clock;
pub(crate) mod desk;
pub(crate) mod network;
pub(crate) mod policy;
pub(crate) mod process;
pub(crate) mod store;
mod translate;

use std::collections::{BTreeMap, BTreeSet};

use dogwatch_chain::{Time, TransactionId};
use dogwatch_engine::{Beat, DecisionRecord, Event, MachineTrouble, NodeProcess, SendReport, SwitchPlan};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::chain::ModelChain;
use crate::endpoint::ModelEndpoint;
use crate::night::SiteSetup;
use crate::node::Node;
use crate::site::clock::SiteClock;
use crate::site::network::Network;
use crate::site::policy::Decide;
use crate::site::process::{Died, NodesSeen, Process, ProcessSetup, StepTools};
use crate::site::store::SiteStore;

/// Slots without a beat until a machine is silent.
const SILENCE: u64 = 4;

/// What a site does that the world must hear of.
#[derive(Clone, Debug)]
pub(crate) enum SiteAction {
    /// It tools a switch to the endpoints.
    Send(usize, SwitchPlan),
    /// It logs a decision.
    Decided(usize, DecisionRecord),
    /// It says that the witness misses no blocks any more.
    AllClear(usize),
}

/// A transmission, as the simulator remembers it.
#[derive(Clone, Debug)]
pub(crate) struct SentSwitch {
    pub(crate) witness: usize,
    pub(crate) plan: SwitchPlan,
    pub(crate) id: TransactionId,
    /// The disk took the plan before it was sent.
    pub(crate) stored: bool,
}

/// What a lasting trouble of a site changes in its daemon's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Mode "observe".
    Observe,
    /// The private key of that node is not loaded.
    KeyMissing(usize),
    /// That node has no probe, and may be switched to all the same.
    Unprobed(usize),
    /// The order of the nodes is turned round.
    Reversed,
    /// The policy fails at each call.
    PolicyBroken,
    /// The policy wants anything at any time.
    PolicyWild,
}

/// A site.
pub(crate) struct Site {
    pub(crate) setup: SiteSetup,
    pub(crate) clock: SiteClock,
    pub(crate) network: Network,
    pub(crate) store: SiteStore,
    pub(crate) process: Option<Process>,
    /// By the fault's number in the night: what is changed in the configuration.
    edits: Vec<(usize, Edit)>,
    /// By the fault's number: the machine is suspended.
    suspended: Vec<usize>,
    /// By the fault's number: only each so many-th cycle comes to an end.
    slow: Vec<(usize, u64)>,
    /// The process is down until then.
    down_until: u64,
    /// The process is down as soon as it has sent something, for so many slots.
    pub(crate) dies_after_send: Option<u64>,
    /// How many of a thousand steps the process dies at.
    pub(crate) deadly: u32,
    /// When the process was last started.
    pub(crate) started: u64,
    /// It has forgotten something that it once knew: its disk was full, lost or set back.
    pub(crate) amnesia: bool,
    /// Some node had no probe here at some time.
    pub(crate) ever_unprobed: bool,
    /// Which witnesses the operator has paused, and until when.
    pub(crate) pauses: Vec<(usize, u64)>,
    /// When its state was last lost in a way that it noticed.
    pub(crate) lost_at: Option<u64>,
    /// The nodes to which a connection stood in the last cycle.
    wires: BTreeSet<String>,
    /// When a node's machine was last heard.
    heard: BTreeMap<String, u64>,
    /// When it last forgot what it had seen.
    pub(crate) forgot_at: Option<u64>,
    pub(crate) sent: Vec<SentSwitch>,
    policy: Box<dyn Decide>,
    witnesses: usize,
    rng: SmallRng,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("setup", &self.setup).field("process", &self.process).finish_non_exhaustive()
    }
}

impl Site {
    pub(crate) fn new(setup: SiteSetup, witnesses: usize, policy: Box<dyn Decide>, seed: u64) -> Self {
        Self {
            setup,
            clock: SiteClock::default(),
            network: Network::default(),
            store: SiteStore::new(witnesses),
            process: None,
            edits: Vec::new(),
            suspended: Vec::new(),
            slow: Vec::new(),
            down_until: 0,
            dies_after_send: None,
            deadly: 0,
            started: 0,
            wires: BTreeSet::new(),
            heard: BTreeMap::new(),
            amnesia: false,
            ever_unprobed: false,
            pauses: Vec::new(),
            lost_at: None,
            forgot_at: None,
            sent: Vec::new(),
            policy,
            witnesses,
            rng: SmallRng::seed_from_u64(seed),
        }
    }

    /// The process dies, and is started again in that slot.
    pub(crate) fn die(&mut self, until: u64) {
        self.process = None;
        self.down_until = self.down_until.max(until);
    }

    /// Changes the configuration, and restarts the process.
    pub(crate) fn edit(&mut self, number: usize, edit: Edit, slot: u64) {
        self.ever_unprobed |= matches!(edit, Edit::Unprobed(_));
        self.edits.push((number, edit));
        self.die(slot);
    }

    pub(crate) fn suspend(&mut self, number: usize) {
        self.suspended.push(number);
    }

    pub(crate) fn slow_down(&mut self, number: usize, cycles: u64) {
        self.slow.push((number, cycles));
    }

    /// Mends whatever that fault has broken.
    pub(crate) fn mend(&mut self, number: usize, slot: u64) {
        let edits = self.edits.len();
        self.edits.retain(|(struck, _)| *struck != number);
        if self.edits.len() < edits {
            self.die(slot);
        }
        self.suspended.retain(|struck| *struck != number);
        self.slow.retain(|(struck, _)| *struck != number);
        self.clock.mend(number);
        self.network.mend(number);
    }

    /// Whether the configuration is changed in that way.
    pub(crate) fn is_edited(&self, wanted: impl Fn(Edit) -> bool) -> bool {
        self.edits.iter().any(|(_, edit)| wanted(*edit))
    }

    /// The first slot whose blocks the running process can have seen, if it keeps that many.
    pub(crate) const fn first_seen(&self, kept: u64) -> u64 {
        self.started.saturating_sub(kept)
    }

    /// Whether its machine stands still.
    pub(crate) const fn is_suspended(&self) -> bool {
        !self.suspended.is_empty()
    }

    /// Whether the process does its work in that slot.
    pub(crate) fn runs(&self, slot: u64) -> bool {
        slot >= self.down_until && self.suspended.is_empty() && slot.is_multiple_of(self.slots_a_cycle())
    }

    /// Slots that pass until its disk has taken what a cycle stores.
    pub(crate) fn slots_a_cycle(&self) -> u64 {
        self.slow.iter().map(|(_, slots)| *slots).max().unwrap_or(1).max(1)
    }

    /// Whether its daemon takes an operator's command.
    pub(crate) fn hears(&self) -> bool {
        self.process.is_some() && self.suspended.is_empty()
    }

    /// A poll, the probes, and what follows from them. The process is started where it is due.
    pub(crate) fn cycle(
        &mut self,
        now: Time,
        slot: u64,
        chain: &ModelChain,
        endpoints: &mut [ModelEndpoint],
        nodes: &[Node],
    ) -> Vec<SiteAction> {
        if !self.runs(slot) {
            return Vec::new();
        }
        let clock = self.clock.reading(now, slot);
        if self.process.is_none() {
            let setup = ProcessSetup {
                site: &self.setup,
                chain,
                nodes,
                edits: &self.edits,
                operators: endpoints.len(),
                witnesses: self.witnesses,
            };
            self.process = Some(Process::start(&setup, &self.store, clock));
            self.started = slot;
            self.wires.clear();
            self.heard.clear();
        }
        let mut readings = Vec::new();
        for (index, endpoint) in endpoints.iter_mut().enumerate() {
            readings.push(self.network.read(index, endpoint, chain, (slot, now, clock.shown), &mut self.rng));
        }
        let probes = self.setup.probes_every.max(1);
        let probed: &[Node] = if slot.is_multiple_of(probes) { nodes } else { &[] };
        let probed: Vec<_> =
            probed.iter().map(|node| (node.name.clone(), self.network.probe(node, chain, slot))).collect();
        let before = self.hold_wires(nodes, slot);
        let gone = self.gone(&before, nodes, slot);
        let back: Vec<String> = self.wires.difference(&before).cloned().collect();
        let beats = self.beats(nodes, chain, slot);
        let seen = NodesSeen { probed: &probed, gone: &gone, back: &back, beats: &beats };
        let (actions, lives) = self.step(slot, |process, tools| {
            process.cycle(clock, &readings, seen, tools, |endpoint, from, to| {
                let found = endpoints.iter().find(|candidate| candidate.name == endpoint);
                found.map(|endpoint| endpoint.blocks(chain, slot, from, to)).unwrap_or_default()
            })
        });
        if lives.is_err() {
            let down = self.rng.random_range(0..30);
            self.die(slot + down);
        }
        actions
    }

    /// Connects to all nodes where that is possible, and says to which a connection stood before.
    fn hold_wires(&mut self, nodes: &[Node], slot: u64) -> BTreeSet<String> {
        let held = nodes.iter().filter(|node| self.network.holds_wire(node, slot));
        let held: BTreeSet<String> = held.map(|node| node.name.clone()).collect();
        std::mem::replace(&mut self.wires, held)
    }

    /// The nodes whose processes have ended since the last cycle, by the connections to them that stood then.
    fn gone(&self, before: &BTreeSet<String>, nodes: &[Node], slot: u64) -> Vec<String> {
        let ended = |node: &&Node| before.contains(&node.name) && self.network.reaches_nodes() && node.refuses(slot);
        nodes.iter().filter(ended).map(|node| node.name.clone()).collect()
    }

    /// What the machines of the nodes say, or that they have said nothing for a while.
    fn beats(&mut self, nodes: &[Node], chain: &ModelChain, slot: u64) -> Vec<(String, Beat)> {
        let mut beats = Vec::new();
        for node in nodes.iter().filter(|_| self.setup.beats) {
            let process = node.process(chain, slot).filter(|_| self.network.reaches_nodes());
            let last = self.heard.entry(node.name.clone()).or_insert(slot);
            match process {
                Some(process) => {
                    *last = slot;
                    beats.push((node.name.clone(), Beat { process, trouble: None }));
                }
                None if slot.saturating_sub(*last) >= SILENCE => {
                    let lasts = chain.profile.slots(u32::try_from(slot.saturating_sub(*last)).unwrap_or(u32::MAX));
                    let trouble = Some(MachineTrouble::Silent(lasts));
                    beats.push((node.name.clone(), Beat { process: NodeProcess::Silent, trouble }));
                }
                None => {}
            }
        }
        beats
    }

    /// An event from outside: an operator's command, or what became of a transmission.
    pub(crate) fn tell(&mut self, now: Time, slot: u64, witness: usize, event: Event) -> Vec<SiteAction> {
        if !self.hears() {
            return Vec::new();
        }
        let clock = self.clock.reading(now, slot);
        let (actions, lives) = self.step(slot, |process, tools| {
            let now = process.look(clock);
            process.feed(now, witness, event, tools)
        });
        if lives.is_err() {
            self.die(slot);
        }
        actions
    }

    /// A step of the running process: what it does, and whether it lives on.
    fn step(
        &mut self,
        slot: u64,
        step: impl FnOnce(&mut Process, &mut StepTools<'_>) -> Result<(), Died>,
    ) -> (Vec<SiteAction>, Result<(), Died>) {
        let Some(process) = &mut self.process else { return (Vec::new(), Ok(())) };
        let mut tools = StepTools {
            store: &mut self.store,
            policy: &mut *self.policy,
            rng: &mut self.rng,
            deadly: self.deadly,
            actions: Vec::new(),
            slot,
        };
        let lives = step(process, &mut tools);
        (tools.actions, lives)
    }

    /// What became of a transmission.
    pub(crate) fn was_sent(
        &mut self,
        now: Time,
        slot: u64,
        witness: usize,
        id: TransactionId,
        report: SendReport,
    ) -> Vec<SiteAction> {
        if let Some(down) = self.dies_after_send.take() {
            self.die(slot + down);
            return Vec::new();
        }
        self.tell(now, slot, witness, Event::Sent(id, report))
    }
}
