//! A night: faults at their slots, the chain slot by slot, and watchers that poll in between.

use std::time::Duration;

use dogwatch_chain::{Profile, PublicKey};
use dogwatch_engine::{Event, Force, Holder, Mode};

use super::chain::{Chain, Irreversibility, key};
use super::check;
use super::endpoint::{Endpoint, View, foreign};
use super::node::{Condition, Node};
use super::policy::Policy;
use super::watcher::Watcher;

/// The slot that the watchers start at; the chain is a few rounds old by then.
pub(crate) const DUSK: u64 = 70;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) chain: Chain,
    /// The branch of a minority of the witnesses, while there is one.
    pub(crate) minority: Option<Chain>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) sites: usize,
}

#[derive(Debug)]
pub(crate) struct Night {
    pub(crate) world: World,
    pub(crate) watchers: Vec<Watcher>,
    pub(crate) slot: u64,
}

/// What goes wrong, or is done by hand.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// A node turns into that.
    Node(usize, Condition),
    /// A node lets so many own slots pass.
    Skips(usize, u32),
    /// An endpoint turns into that.
    Endpoint(usize, View),
    /// All endpoints turn into that.
    Endpoints(View),
    /// The chain halts, or goes on.
    Halt(bool),
    /// So many percent of the other witnesses' slots stay empty.
    OthersMissing(u32),
    /// So many blocks lose to another branch; whether their switches are pending again.
    Fork(u32, bool),
    /// The fork comes as soon as the head holds a switch.
    ForkSwitch(bool),
    /// The operator's wallet sets the key of that node.
    WalletNode(usize),
    /// The operator's wallet sets a key of nobody we know.
    WalletForeign,
    /// The operator's wallet sets the null key.
    WalletNull,
    /// `dogwatch switch`.
    Manual(Holder, Force),
    /// `dogwatch pause`, for so many slots.
    Pause(u32),
    /// `dogwatch resume`.
    Resume,
    /// The watchers die, and are started so many slots later.
    Die(u64),
    /// The watchers die as soon as they have sent something.
    DieAfterSend(u64),
    /// Another policy.
    Policy(Policy),
    /// The order of the nodes in the configuration is turned round; takes effect with the next start.
    Reorder,
    /// Another mode; takes effect with the next start.
    Mode(Mode),
    /// A third of the witnesses leave for a branch of their own, or are back.
    Split(bool),
    /// The watchers' clocks are ahead by so many milliseconds.
    Clock(i64),
}

impl World {
    /// The branch that an endpoint is on.
    pub(crate) fn shown_by(&self, endpoint: &Endpoint) -> &Chain {
        self.minority.as_ref().filter(|_| endpoint.view == View::Minority).unwrap_or(&self.chain)
    }
}

impl Night {
    pub(crate) fn new(profile: Profile, irreversibility: Irreversibility, endpoints: usize, seed: u64) -> Self {
        let nodes: Vec<Node> =
            ["primary", "second", "third"].iter().zip(1..).map(|(name, n)| Node::new(name, key(n))).collect();
        let chain = Chain::new(profile, irreversibility, nodes[0].key, seed);
        let endpoints = (0..endpoints).map(Endpoint::new).collect();
        let mut night =
            Self { world: World { chain, minority: None, endpoints, nodes, sites: 0 }, watchers: Vec::new(), slot: 1 };
        while night.slot < DUSK {
            night.pass_slot();
        }
        night
    }

    pub(crate) fn steem(seed: u64) -> Self {
        Self::new(Profile::steem(), Irreversibility(15), 3, seed)
    }

    pub(crate) fn hive(seed: u64) -> Self {
        Self::new(Profile::hive(), Irreversibility(0), 3, seed)
    }

    pub(crate) fn watch(&mut self, polls: &[u64], seed: u64) -> &mut Watcher {
        self.world.sites += 1;
        self.watchers.push(Watcher::new(&self.world, polls, seed));
        self.watchers.last_mut().unwrap()
    }

    fn pass_slot(&mut self) {
        self.slot += 1;
        let World { chain, nodes, minority, .. } = &mut self.world;
        let own = !chain.halted && chain.producer(self.slot) == chain.witness;
        let held = chain.head().key;
        let can_sign = |key: PublicKey| nodes.iter().any(|node| node.key == key && node.produces()) || key == foreign();
        chain.step(self.slot, can_sign);
        if let Some(minority) = minority {
            minority.step(self.slot, |_| false);
        }
        if let Some(node) = nodes.iter_mut().find(|node| own && node.key == held) {
            node.skips = node.skips.saturating_sub(1);
        }
    }

    /// Lets a slot pass, and the watchers poll.
    pub(crate) fn next(&mut self) {
        self.pass_slot();
        let begin = self.world.chain.time(self.slot);
        let mut polls: Vec<(Duration, usize)> = Vec::new();
        for (index, watcher) in self.watchers.iter().enumerate() {
            polls.extend(watcher.polls.iter().map(|offset| (*offset, index)));
        }
        polls.sort();
        for (offset, index) in polls {
            self.watchers[index].poll(begin.plus(offset), self.slot, &mut self.world);
        }
    }

    /// Faults by the slot after dusk at which they happen.
    pub(crate) fn run(&mut self, slots: u64, timeline: &[(u64, Fault)]) {
        let dusk = self.slot;
        let mut trap: Option<bool> = None;
        let mut die: Option<(u64, usize)> = None;
        while self.slot < dusk + slots {
            let slot = self.slot;
            for (_, fault) in timeline.iter().filter(|(at, _)| dusk + at == slot) {
                match fault {
                    Fault::ForkSwitch(keep) => trap = Some(*keep),
                    Fault::DieAfterSend(down) => die = Some((*down, self.watchers[0].sent.len())),
                    other => self.apply(other),
                }
            }
            self.next();
            if let Some(keep) = trap.filter(|_| !self.world.chain.head().switches.is_empty()) {
                self.watchers.iter_mut().for_each(|watcher| {
                    let now = self.world.chain.time(self.slot).plus(Duration::from_millis(2500));
                    watcher.poll(now, self.slot, &mut self.world);
                });
                self.world.chain.fork(2, keep);
                trap = None;
            }
            if let Some((down, _)) = die.filter(|(_, sent)| self.watchers[0].sent.len() > *sent) {
                self.watchers.iter_mut().for_each(|watcher| watcher.die(self.slot + down));
                die = None;
            }
        }
        for watcher in &self.watchers {
            check::night(watcher, &self.world);
        }
    }

    pub(crate) fn apply(&mut self, fault: &Fault) {
        let now = self.world.chain.time(self.slot).plus(Duration::from_millis(2800));
        let World { chain, endpoints, nodes, .. } = &mut self.world;
        match fault {
            Fault::Node(index, condition) => nodes[*index].turn(*condition, chain, now),
            Fault::Skips(index, skips) => nodes[*index].skips = *skips,
            Fault::Endpoint(index, view) => endpoints[*index].turn(*view, chain),
            Fault::Endpoints(view) => endpoints.iter_mut().for_each(|endpoint| endpoint.turn(*view, chain)),
            Fault::Halt(halted) => chain.halted = *halted,
            Fault::OthersMissing(percent) => chain.others_missing = *percent,
            Fault::Fork(depth, keep) => chain.fork(*depth, *keep),
            Fault::WalletNode(index) => chain.wallet(nodes[*index].key),
            Fault::WalletForeign => chain.wallet(foreign()),
            Fault::WalletNull => chain.wallet(PublicKey::NULL),
            Fault::Manual(target, force) => self.tell(&Event::Manual(target.clone(), *force)),
            Fault::Pause(slots) => {
                let span = chain.profile.slots(*slots);
                self.tell(&Event::Pause(span));
            }
            Fault::Resume => self.tell(&Event::Resume),
            Fault::Die(down) => self.watchers.iter_mut().for_each(|watcher| watcher.die(self.slot + down)),
            Fault::Policy(policy) => self.watchers.iter_mut().for_each(|watcher| watcher.policy = *policy),
            Fault::Reorder => self.watchers.iter_mut().for_each(|watcher| watcher.config.nodes.reverse()),
            Fault::Mode(mode) => self.watchers.iter_mut().for_each(|watcher| watcher.config.mode = *mode),
            Fault::Split(true) => self.world.minority = Some(chain.split()),
            Fault::Split(false) => {
                chain.heal();
                self.world.minority = None;
            }
            Fault::Clock(ahead) => self.watchers.iter_mut().for_each(|watcher| watcher.clock_ahead = *ahead),
            Fault::ForkSwitch(_) | Fault::DieAfterSend(_) => unreachable!("sprung by the run"),
        }
    }

    fn tell(&mut self, event: &Event) {
        let now = self.world.chain.time(self.slot).plus(Duration::from_millis(2800));
        for watcher in self.watchers.iter_mut().filter(|watcher| watcher.live.is_some()) {
            let now = watcher.corrected(now);
            if watcher.feed(now, self.slot, &mut self.world, event.clone()).is_err() {
                watcher.die(self.slot);
            }
        }
    }

    /// Changes of the key since the watchers started.
    pub(crate) fn changes(&self) -> usize {
        let dusk = self.world.chain.time(DUSK);
        self.world.chain.key_changes().iter().filter(|change| change.time > dusk).count()
    }

    /// The node that holds the key on chain.
    pub(crate) fn holder(&self) -> &str {
        let held = self.world.chain.head().key;
        match self.world.nodes.iter().find(|node| node.key == held) {
            Some(node) => &node.name,
            None if held.is_null() => "nobody",
            None => "a stranger",
        }
    }
}
