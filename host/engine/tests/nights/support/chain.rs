//! The model chain: slots, schedules, blocks, one watched witness's key, switches by compare-and-swap, micro-forks.

use std::collections::BTreeSet;
use std::rc::Rc;

use dogwatch_chain::{
    AccountName, Block, BlockId, BlockNum, FutureSchedule, Head, Profile, PublicKey, Schedule, Slot, Time,
    TransactionId, WitnessState,
};
use dogwatch_engine::SwitchPlan;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// Below so many of the last 128 slots filled nodes produce nothing (`required-participation`).
const REQUIRED_PARTICIPATION: u32 = 43;

/// When slot 0 began.
const GENESIS: i64 = 1_700_000_000_000;

/// How far the last irreversible block is behind the head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Irreversibility(pub(crate) u32);

/// A switch that producers know of.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) plan: SwitchPlan,
    pub(crate) id: TransactionId,
    ready: u64,
}

/// A block, and the state after it.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) block: Block,
    pub(crate) slot: u64,
    pub(crate) key: PublicKey,
    pub(crate) switches: Vec<Pending>,
    missed: u32,
    confirmed: u32,
    recent: u128,
    schedule: Rc<Schedule>,
}

/// One change of the key that the chain holds to be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyChange {
    pub(crate) num: BlockNum,
    pub(crate) time: Time,
    pub(crate) from: PublicKey,
    pub(crate) to: PublicKey,
    pub(crate) by: Option<TransactionId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) profile: Profile,
    pub(crate) witness: AccountName,
    pub(crate) links: Vec<Link>,
    pub(crate) mempool: Vec<Pending>,
    pub(crate) halted: bool,
    /// How many of a hundred slots of the other witnesses stay empty.
    pub(crate) others_missing: u32,
    /// Witnesses that are on another branch: they produce nothing here.
    elsewhere: BTreeSet<AccountName>,
    /// The last block that is irreversible, if none will be after it.
    last_final: Option<BlockNum>,
    /// Other nodes show a switch, and refuse a rival, only once it is in a block.
    pub(crate) slow_gossip: bool,
    /// The watched witness is elected once in so many rounds: in one of many if it is a backup witness.
    pub(crate) elected_every: u64,
    elections: u64,
    /// Own slots that were lost because a switch was pending in them.
    pub(crate) cost: u32,
    irreversibility: Irreversibility,
    others: Vec<AccountName>,
    rng: SmallRng,
    branch: u8,
    by_wallet: Option<PublicKey>,
}

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

pub(crate) fn key(n: u8) -> PublicKey {
    let mut bytes = [n; 33];
    bytes[0] = 2;
    PublicKey::from_bytes(bytes)
}

impl Chain {
    pub(crate) fn new(profile: Profile, irreversibility: Irreversibility, first: PublicKey, seed: u64) -> Self {
        let round = profile.round_length;
        let others = (0..round + 4).map(|n| name(&format!("other-{n:02}"))).collect();
        let mut chain = Self {
            profile,
            witness: name("watched"),
            links: Vec::new(),
            mempool: Vec::new(),
            halted: false,
            others_missing: 0,
            elsewhere: BTreeSet::new(),
            last_final: None,
            slow_gossip: false,
            elected_every: 1,
            elections: 0,
            cost: 0,
            irreversibility,
            others,
            rng: SmallRng::seed_from_u64(seed),
            branch: 0,
            by_wallet: None,
        };
        let current = chain.elect(first);
        let future = chain.future(first);
        let schedule = Rc::new(Schedule { next_shuffle: BlockNum(round), current, future, majority_version: None });
        let id = chain.id(1);
        let block = Block {
            id,
            previous: BlockId::default(),
            time: chain.time(1),
            witness: name("genesis"),
            signing_key: Some(key(250)),
            transactions: Vec::new(),
            key_changes: Vec::new(),
        };
        let link =
            Link { block, slot: 1, key: first, switches: vec![], missed: 0, confirmed: 0, recent: u128::MAX, schedule };
        chain.links.push(link);
        chain
    }

    pub(crate) fn time(&self, slot: u64) -> Time {
        let interval = self.profile.block_interval;
        Time::from_millis(GENESIS).plus(interval * u32::try_from(slot).unwrap())
    }

    pub(crate) fn head(&self) -> &Link {
        self.links.last().unwrap()
    }

    /// The key as nodes show it: with what is pending applied.
    pub(crate) fn pending_key(&self) -> PublicKey {
        let pending = self.mempool.iter().find(|switch| self.valid(switch) && !self.slow_gossip);
        pending.map_or(self.by_wallet.unwrap_or(self.head().key), |switch| switch.plan.to_key)
    }

    fn valid(&self, switch: &Pending) -> bool {
        let head = self.head();
        switch.plan.from_key == head.key && switch.plan.expiration > head.block.time && self.place(switch.id).is_none()
    }

    /// The block that holds a transaction.
    pub(crate) fn place(&self, id: TransactionId) -> Option<&Link> {
        self.links.iter().rev().take(400).find(|link| link.switches.iter().any(|switch| switch.id == id))
    }

    /// Whether a block may still hold it some day.
    pub(crate) fn may_still_include(&self, plan: &SwitchPlan) -> bool {
        let id = plan.id(&self.profile);
        let head = self.head();
        self.place(id).is_none() && plan.expiration > head.block.time && plan.from_key == head.key
    }

    /// Takes a transaction into the shared mempool: `Err` when the key does not match.
    pub(crate) fn offer(&mut self, plan: &SwitchPlan, ready: u64) -> Result<(), ()> {
        let id = plan.id(&self.profile);
        if self.place(id).is_some() || self.mempool.iter().any(|switch| switch.id == id) {
            return Ok(());
        }
        let switch = Pending { plan: plan.clone(), id, ready };
        if plan.from_key != self.head().key {
            return Err(());
        }
        self.mempool.push(switch);
        Ok(())
    }

    /// The operator changes the key with a wallet; pending at once.
    pub(crate) fn wallet(&mut self, key: PublicKey) {
        self.by_wallet = Some(key);
    }

    pub(crate) fn producer(&self, slot: u64) -> AccountName {
        self.head().schedule.producer(Slot(slot)).unwrap().clone()
    }

    /// Lets a slot pass. `signer`: the key that the watched witness's living nodes would sign with, if any.
    pub(crate) fn step(&mut self, slot: u64, can_sign: impl Fn(PublicKey) -> bool) {
        if self.halted {
            return;
        }
        let producer = self.producer(slot);
        if self.elsewhere.contains(&producer) {
            return;
        }
        let signing_key = if producer == self.witness {
            let recent = self.head().recent.checked_shl(u32::try_from(slot - self.head().slot - 1).unwrap());
            if recent.unwrap_or(0).count_ones() < REQUIRED_PARTICIPATION && self.others_missing > 0 {
                return;
            }
            let held = self.head().key;
            if self.pending_key() != held && can_sign(held) {
                // Producers pick their key from pending state: the block is refused.
                self.cost += 1;
                return;
            }
            if held.is_null() || !can_sign(held) {
                return;
            }
            held
        } else {
            if self.rng.random_range(0..100) < self.others_missing {
                return;
            }
            key(251)
        };
        self.append(slot, producer, signing_key);
    }

    fn append(&mut self, slot: u64, producer: AccountName, signing_key: PublicKey) {
        let head = self.head().clone();
        let num = head.block.num().0 + 1;
        let mut link = head.clone();
        let gap = u32::try_from(slot - head.slot - 1).unwrap();
        let empty = (head.slot + 1..slot).filter(|s| head.schedule.producer(Slot(*s)) == Some(&self.witness));
        link.missed += u32::try_from(empty.count()).unwrap();
        link.recent = (head.recent << 1 | 1).checked_shl(gap).unwrap_or(0);
        link.slot = slot;
        link.switches = Vec::new();
        let time = self.time(slot);
        if let Some(key) = self.by_wallet.take() {
            link.key = key;
        }
        let ready: Vec<Pending> = self.mempool.iter().filter(|switch| switch.ready <= slot).cloned().collect();
        for switch in ready {
            // Compare and switch, and never twice.
            let included = self.place(switch.id).is_some() || link.switches.iter().any(|other| other.id == switch.id);
            if switch.plan.from_key == link.key && switch.plan.expiration > head.block.time && !included {
                link.key = switch.plan.to_key;
                link.switches.push(switch.clone());
            }
        }
        self.mempool
            .retain(|switch| switch.plan.expiration > time && !link.switches.iter().any(|other| other.id == switch.id));
        if producer == self.witness {
            link.confirmed = num;
        }
        let changed = dogwatch_chain::KeyChange { witness: self.witness.clone(), key: link.key };
        let key_changes = if link.key == head.key { Vec::new() } else { vec![changed] };
        link.block = Block {
            id: self.id(num),
            previous: head.block.id,
            time,
            witness: producer,
            signing_key: Some(signing_key),
            transactions: link.switches.iter().map(|switch| switch.id).collect(),
            key_changes,
        };
        let round = self.profile.round_length;
        if num.is_multiple_of(round) {
            let current = head.schedule.future.clone().unwrap_or_else(|| self.elect(link.key));
            let future = self.future(link.key);
            link.schedule =
                Rc::new(Schedule { next_shuffle: BlockNum(num + round), current, future, majority_version: None });
        }
        self.links.push(link);
    }

    /// The newest blocks lose to another branch that does not hold them. Their switches are pending again, or lost.
    pub(crate) fn fork(&mut self, depth: u32, keep_swaps: bool) {
        let floor = match self.irreversibility.0 {
            0 => return,
            behind => self.links.len().saturating_sub(usize::try_from(depth.min(behind)).unwrap()).max(2),
        };
        for link in self.links.split_off(floor) {
            if keep_swaps {
                self.mempool.extend(link.switches);
            }
        }
        if !keep_swaps {
            self.mempool.clear();
        }
        self.branch = self.branch.wrapping_add(1);
    }

    /// Every third of the other witnesses leaves, for a branch of their own on which nothing becomes irreversible.
    pub(crate) fn split(&mut self) -> Self {
        let mut minority = self.clone();
        minority.branch = self.branch.wrapping_add(100);
        minority.last_final = Some(self.head_at(self.head()).irreversible);
        let (leave, stay): (Vec<_>, Vec<_>) = self.others.iter().cloned().enumerate().partition(|(n, _)| n % 3 == 0);
        let names = |part: Vec<(usize, AccountName)>| part.into_iter().map(|(_, name)| name).collect::<BTreeSet<_>>();
        self.elsewhere = names(leave);
        minority.elsewhere = names(stay);
        minority.elsewhere.insert(self.witness.clone());
        minority
    }

    /// Those who left are back.
    pub(crate) fn heal(&mut self) {
        self.elsewhere.clear();
    }

    fn id(&mut self, num: u32) -> BlockId {
        let mut bytes = [0; 20];
        self.rng.fill(&mut bytes[4..]);
        bytes[4] = self.branch;
        bytes[..4].copy_from_slice(&num.to_be_bytes());
        BlockId::from_bytes(bytes)
    }

    fn elect(&mut self, key: PublicKey) -> Vec<AccountName> {
        let round = usize::try_from(self.profile.round_length).unwrap();
        let mut elected: Vec<AccountName> = Vec::new();
        self.elections += 1;
        if !key.is_null() && self.elections.is_multiple_of(self.elected_every) {
            elected.push(self.witness.clone());
        }
        elected.extend(self.others.iter().take(round - elected.len()).cloned());
        elected.shuffle(&mut self.rng);
        elected
    }

    fn future(&mut self, key: PublicKey) -> Option<Vec<AccountName>> {
        (self.profile.future_schedule == FutureSchedule::Published).then(|| self.elect(key))
    }

    /// What a node says that stands at that link.
    pub(crate) fn head_at(&self, link: &Link) -> Head {
        let floor = link.block.num().back(self.irreversibility.0).min(self.last_final.unwrap_or(link.block.num()));
        Head {
            id: link.block.id,
            time: link.block.time,
            slot: Slot(link.slot),
            irreversible: BlockNum(floor.0.max(1)),
            participation: u8::try_from(link.recent.count_ones()).unwrap(),
        }
    }

    pub(crate) fn schedule_at(&self, link: &Link) -> Schedule {
        (*link.schedule).clone()
    }

    pub(crate) fn witness_at(&self, link: &Link, signing_key: PublicKey) -> WitnessState {
        WitnessState {
            owner: self.witness.clone(),
            signing_key,
            total_missed: link.missed,
            last_confirmed_block: BlockNum(link.confirmed),
            running_version: "1.28.7".to_owned(),
        }
    }

    /// Every change of the key, oldest first.
    pub(crate) fn key_changes(&self) -> Vec<KeyChange> {
        let pairs = self.links.iter().zip(self.links.iter().skip(1)).filter(|(below, link)| below.key != link.key);
        pairs
            .map(|(below, link)| KeyChange {
                num: link.block.num(),
                time: link.block.time,
                from: below.key,
                to: link.key,
                by: link.switches.first().map(|switch| switch.id),
            })
            .collect()
    }

    /// What a watcher with perfect sight would count: own slots missed in a row under the present key.
    pub(crate) fn misses_in_a_row(&self, head: BlockNum) -> usize {
        let known: Vec<&Link> = self.links.iter().filter(|link| link.block.num() <= head).collect();
        let held = known.last().unwrap().key;
        let mut misses = 0;
        for pair in known.windows(2).rev() {
            let (below, link) = (pair[0], pair[1]);
            if link.block.witness == self.witness || below.key != held {
                return misses;
            }
            let gap = link.slot - below.slot - 1;
            if gap < 4 {
                let own = |slot: &u64| below.schedule.producer(Slot(*slot)) == Some(&self.witness);
                misses += (below.slot + 1..link.slot).filter(own).count();
            }
        }
        misses
    }

    /// The newest blocks, a line each, for the one who must find out what happened.
    pub(crate) fn story(&self, blocks: usize) -> String {
        let mut lines = Vec::new();
        for pair in self.links[self.links.len().saturating_sub(blocks)..].windows(2) {
            let (below, link) = (&pair[0], &pair[1]);
            let own = (below.slot + 1..link.slot).filter(|s| below.schedule.producer(Slot(*s)) == Some(&self.witness));
            let (missed, num, slot) = (own.collect::<Vec<u64>>(), link.block.num(), link.slot);
            let (by, key, switches) = (&link.block.witness, link.key.as_bytes()[1], link.switches.len());
            lines.push(format!(
                "block {num} in slot {slot} by {by}, key {key}, {switches} switches, own missed {missed:?}"
            ));
        }
        lines.join("\n")
    }
}
