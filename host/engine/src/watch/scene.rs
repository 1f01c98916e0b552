//! A witness, its nodes and its chain, slot by slot, for the unit tests of the watch.

use std::collections::BTreeSet;
use std::time::Duration;

use dogwatch_alerts::Alert;
use dogwatch_chain::{
    AccountName, Block, BlockNum, Head, KeyChange, Profile, PublicKey, Schedule, Slot, Time, TransactionId,
    WitnessState,
};

use crate::answer::PolicyAnswer;
use crate::chain::{EndpointReading, Reading, Tracker};
use crate::config::{Beats, Disable, Failback, NodeConfig, Probing, Rails, Sharing, Signing, Unprobed, WatchConfig};
use crate::decision::{Action, Decision};
use crate::failure::{ProbeFailure, ProbeFault, ReadFailure};
use crate::health::{Damping, Probe, Streak};
use crate::memory::PolicyFile;
use crate::situation::{Mode, NodeIndex};
use crate::switch::SwitchPlan;
use crate::testing::{INTERVAL, Messages, id, key, time, tracking};
use crate::watch::event::{Command, Event, SendReport};
use crate::watch::machine::Watch;
use crate::watch::state::WatchState;

/// Who produces, over and over: alice in every fifth slot.
const ROUND: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

const ENDPOINTS: [&str; 3] = ["api.example.com", "rpc.example.org", "node.example.net"];

/// The height below the first block.
const FIRST: u32 = 98_765_400;
/// Blocks that are read at once.
const AT_ONCE: usize = 4;

pub(crate) struct Scene {
    pub(crate) tracker: Tracker,
    pub(crate) watch: Watch,
    pub(crate) said: Vec<Alert>,
    messages: Messages,
    slot: u64,
    blocks: Vec<Block>,
    branch: u8,
    /// The key on chain.
    key: PublicKey,
    /// What one endpoint shows instead of it; then all three differ.
    pub(crate) shown: Option<PublicKey>,
    /// Whether node primary produces nothing; the others always do.
    pub(crate) fails: bool,
    /// Nodes whose probes fail.
    pub(crate) unfit: BTreeSet<&'static str>,
    /// Whether the endpoints know of no alice.
    pub(crate) unknown: bool,
    pub(crate) participation: u8,
    /// Whether the endpoints give only headers of blocks.
    pub(crate) headers_only: bool,
    /// Other witnesses that produce nothing.
    pub(crate) absent: BTreeSet<&'static str>,
    /// So many blocks below the head one is irreversible.
    pub(crate) final_after: u32,
    /// A node that stands so many blocks above the endpoints.
    pub(crate) ahead: Option<(&'static str, u32)>,
    /// A node whose head is so many blocks below theirs.
    pub(crate) lags: Option<(&'static str, usize)>,
    /// Whether the endpoints do not answer.
    pub(crate) silent: bool,
    /// Whether the endpoints show the schedule of a round that is over.
    pub(crate) unscheduled: bool,
    /// How many blocks the endpoints show, if they stand still.
    still_at: Option<usize>,
    /// Own slots without a block.
    missed: Vec<u64>,
    pending: Option<SwitchPlan>,
    /// A key change of somebody else that the next block holds.
    announced: Option<PublicKey>,
}

/// The policy that decides.
pub(crate) fn file() -> PolicyFile {
    PolicyFile { name: "night-owl".to_owned(), sha256: "00".to_owned() }
}

fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

fn config(mode: Mode) -> WatchConfig {
    let node = |name: &str, n| NodeConfig {
        name: name.to_owned(),
        key: key(n),
        signing: Signing::Available,
        probing: Probing::Probed,
        beats: Beats::Never,
        unprobed: Unprobed::Refused,
        sharing: Sharing::Own,
    };
    WatchConfig {
        site: "fsn1".to_owned(),
        profile: Profile { round_length: 5, ..Profile::hive() },
        witness: name("alice"),
        tracker_index: 0,
        mode,
        nodes: vec![node("primary", 1), node("second", 2), node("third", 3)],
        rails: Rails {
            budget: 3,
            budget_window: Duration::from_secs(21_600),
            cool_down: Duration::from_secs(30),
            own_slot_guard: Duration::ZERO,
            min_participation: 85,
            candidate_fresh: Duration::from_secs(30),
            disable: Disable::Never,
        },
        damping: Damping { rise: Streak::of(3), fall: Streak::of(3) },
        expiration: Duration::from_secs(30),
        failback: Failback::Manual,
    }
}

impl Scene {
    /// A calm night: node primary produces, and all are fit.
    pub(crate) fn new(mode: Mode) -> Self {
        let tracker = Tracker::new(tracking());
        let mut scene = Self {
            tracker,
            watch: Watch::new(config(mode), WatchState::default(), time(100)),
            said: Vec::new(),
            messages: Messages::default(),
            slot: 100,
            blocks: Vec::new(),
            branch: 0,
            key: key(1),
            shown: None,
            fails: false,
            unfit: BTreeSet::new(),
            unknown: false,
            participation: 128,
            headers_only: false,
            absent: BTreeSet::new(),
            final_after: 2,
            ahead: None,
            lags: None,
            silent: false,
            unscheduled: false,
            still_at: None,
            missed: Vec::new(),
            pending: None,
            announced: None,
        };
        scene.run(8);
        assert_eq!(scene.said, [], "a calm night");
        scene
    }

    /// A third of a slot after the block was due.
    pub(crate) fn now(&self) -> Time {
        time(self.slot).plus(INTERVAL / 3)
    }

    /// Lets slots pass.
    pub(crate) fn run(&mut self, slots: u64) {
        for _ in 0..slots {
            self.slot += 1;
            self.produce();
            self.look();
            for (index, node) in ["primary", "second", "third"].into_iter().enumerate() {
                let probe = self.probe(node);
                self.handle(Event::Probed(NodeIndex(index), probe));
            }
            self.handle(Event::Observed);
        }
    }

    fn produce(&mut self) {
        let producer = ROUND[usize::try_from(self.slot % 5).unwrap()];
        let own = producer == "alice";
        if own && (self.key.is_null() || self.fails && [key(1), key(9)].contains(&self.key)) {
            return self.missed.push(self.slot);
        }
        if self.absent.contains(producer) {
            return;
        }
        let previous = self.blocks.last().map_or(id(FIRST, 0), |block| block.id);
        let mut transactions: Vec<TransactionId> = Vec::new();
        let signing_key = if own { self.key } else { key(99) };
        let mut key_changes = Vec::new();
        if let Some(plan) = self.pending.take() {
            transactions.push(plan.id(&self.watch.config.profile));
            self.key = plan.to_key;
            key_changes.push(KeyChange { witness: name("alice"), key: plan.to_key });
        }
        if let Some(key) = self.announced.take() {
            self.key = key;
            key_changes.push(KeyChange { witness: name("alice"), key });
        }
        self.blocks.push(Block {
            id: id(previous.num().0 + 1, self.branch),
            previous,
            time: time(self.slot),
            witness: name(producer),
            signing_key: Some(signing_key),
            transactions,
            key_changes,
        });
    }

    /// The endpoints are asked, and the blocks that are not known yet are read.
    pub(crate) fn look(&mut self) {
        let shown = &self.blocks[..self.still_at.unwrap_or(self.blocks.len())];
        let tip = shown.last().unwrap();
        let num = tip.id.num();
        let own = shown.iter().rev().find(|block| block.witness == name("alice"));
        let last_confirmed_block = own.map_or(BlockNum(FIRST), |block| block.id.num());
        let missed = self.missed.iter().filter(|slot| time(**slot) < tip.time);
        let total_missed = u32::try_from(missed.count()).unwrap();
        let head = Head {
            id: tip.id,
            time: tip.time,
            slot: Slot(self.slot - time(self.slot).since(tip.time).as_secs() / 3),
            irreversible: num.back(self.final_after),
            participation: self.participation,
        };
        let next_shuffle = BlockNum(if self.unscheduled { FIRST } else { num.0 / 5 * 5 + 5 });
        let schedule =
            Schedule { next_shuffle, current: ROUND.map(name).to_vec(), future: None, majority_version: None };
        let readings: Vec<EndpointReading> = ENDPOINTS
            .into_iter()
            .enumerate()
            .map(|(place, endpoint)| {
                let witness = WitnessState {
                    owner: name("alice"),
                    signing_key: match (self.shown, place) {
                        (None, _) | (_, 0) => self.key,
                        (Some(other), 1) => other,
                        (Some(_), _) => key(7),
                    },
                    total_missed,
                    last_confirmed_block,
                    running_version: "1.27.11".to_owned(),
                };
                let witnesses = vec![(!self.unknown).then_some(witness)];
                let answer = Reading { head: head.clone(), schedule: schedule.clone(), witnesses };
                let failed = self.silent.then(|| ReadFailure::new("no answer within 2 s"));
                EndpointReading {
                    endpoint: endpoint.to_owned(),
                    operator: endpoint.to_owned(),
                    date: None,
                    result: failed.map_or(Ok(answer), Err),
                }
            })
            .collect();
        self.tracker.observe(self.now(), &readings);
        while let Some((from, to)) = self.tracker.wanted() {
            let wanted = self.blocks.iter().filter(|block| (from..=to).contains(&block.id.num())).cloned();
            let header =
                |block| Block { signing_key: None, transactions: Vec::new(), key_changes: Vec::new(), ..block };
            let read = wanted.map(|block| if self.headers_only { header(block) } else { block });
            self.tracker.learn(read.take(AT_ONCE).collect());
        }
    }

    pub(crate) fn probe(&self, node: &str) -> Result<Probe, ProbeFailure> {
        if self.unfit.contains(node) {
            return Err(ProbeFailure::new(ProbeFault::Refused, "connection refused (os error 111)"));
        }
        let mut head =
            self.tracker.head().cloned().ok_or_else(|| ProbeFailure::new(ProbeFault::Unusable, "no head yet"))?;
        if let Some((_, blocks)) = self.ahead.filter(|(name, _)| *name == node) {
            head = Head { id: id(head.num().0 + blocks, 77), time: time(self.slot), slot: Slot(self.slot), ..head };
        }
        if let Some((_, blocks)) = self.lags.filter(|(name, _)| *name == node) {
            let block = &self.blocks[self.blocks.len().saturating_sub(blocks + 1)];
            head = Head { id: block.id, time: block.time, ..head };
        }
        Ok(Probe { head, chain_id: Some(self.watch.config.profile.chain_id), version: "1.27.11".to_owned() })
    }

    pub(crate) fn handle(&mut self, event: Event) {
        for command in self.watch.handle(self.now(), &self.tracker, event) {
            if let Command::Report(report) = command {
                self.said.push(self.messages.of(*report));
            }
        }
    }

    pub(crate) fn decide(&mut self, action: Action, reason: &str) {
        self.handle(Event::Decided(PolicyAnswer::Decided(
            file(),
            Decision { action, ..Decision::stay(reason, Vec::new()) },
        )));
    }

    /// What was said since the last time.
    pub(crate) fn take(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.said)
    }

    /// Somebody else moves the key, and it counts at once. No block shows that.
    pub(crate) fn wallet(&mut self, key: PublicKey) {
        self.key = key;
    }

    /// Somebody else moves the key with the next block. Until then the nodes show it as pending.
    pub(crate) fn announce(&mut self, key: PublicKey) {
        self.announced = Some(key);
    }

    /// The switch on its way.
    pub(crate) fn plan(&self) -> SwitchPlan {
        self.watch.state.in_flight.as_ref().unwrap().plan.clone()
    }

    /// The next block holds the switch on its way.
    pub(crate) fn include(&mut self) {
        self.pending = Some(self.plan());
    }

    /// How the endpoints took the switch on its way.
    pub(crate) fn sent(&mut self, report: SendReport) {
        let id = self.plan().id(&self.watch.config.profile);
        self.handle(Event::Sent(id, report));
    }

    /// The newest block loses to another branch, and with it the switch that it holds.
    pub(crate) fn fork(&mut self) {
        self.blocks.pop();
        self.branch += 1;
        self.key = key(1);
    }

    /// The newest blocks lose to others in the same slots, which hold no switch: the key is what it was.
    pub(crate) fn rewrite(&mut self, depth: usize) {
        self.rewrite_keeping(depth, key(1));
    }

    /// The same, and that is the key.
    pub(crate) fn rewrite_keeping(&mut self, depth: usize, kept: PublicKey) {
        self.branch += 1;
        self.key = kept;
        let from = self.blocks.len() - depth;
        for place in from..self.blocks.len() {
            let previous = self.blocks[place - 1].id;
            let block = &mut self.blocks[place];
            (block.id, block.previous) = (id(block.id.num().0, self.branch), previous);
            block.transactions.clear();
            block.key_changes.clear();
            if block.witness == name("alice") {
                block.signing_key = Some(kept);
            }
        }
    }

    /// All endpoints stand still, or go on.
    pub(crate) fn stand_still(&mut self, still: bool) {
        self.still_at = still.then_some(self.blocks.len());
    }

    /// Another process, which has read no block yet.
    pub(crate) fn reboot(&mut self) {
        self.tracker = Tracker::new(tracking());
        self.restart(Mode::Armed);
    }

    /// Dogwatch starts anew with what it has stored.
    pub(crate) fn restart(&mut self, mode: Mode) {
        let config = WatchConfig { mode, ..self.watch.config.clone() };
        self.watch = Watch::new(config, self.watch.state.clone(), self.now());
    }
}
