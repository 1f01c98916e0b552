//! The model chain: slots, elected rounds, blocks on up to two branches at once, finality, and key changes.
//!
//! The rules are those of `hived` and `steemd`: a block holds a switch only if the key on its branch is the one that the
//! switch names; nodes answer, and pick the key that they produce with, from pending state; a producer below a third of
//! participation stops.

pub(crate) mod branch;
pub(crate) mod election;
pub(crate) mod link;
pub(crate) mod offers;

use std::rc::Rc;
use std::time::Duration;

use dogwatch_chain::{AccountName, Block, BlockId, KeyChange, Profile, PublicKey, Time, TransactionId};
use dogwatch_engine::SwitchPlan;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::chain::branch::{Branch, Side};
use crate::chain::election::{Elections, Votes};
use crate::chain::link::{Account, KeyMove, Link, LinkId, RoundSeats, Truth};
use crate::chain::offers::Offer;

/// When slot 0 began.
const GENESIS: i64 = 1_700_000_000_000;
/// Below this many of 128 slots, a third, `hived` refuses to produce: it takes itself for a minority.
const REQUIRED_PARTICIPATION: u32 = 43;

/// When a slot begins.
pub(crate) fn time_of(interval: Duration, slot: u64) -> Time {
    Time::from_millis(GENESIS).plus(interval.saturating_mul(u32::try_from(slot).unwrap_or(u32::MAX)))
}

/// How a chain declares blocks irreversible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finality {
    /// Witnesses confirm each block at once, as on Hive since hardfork 26.
    Fast,
    /// A block is final once three quarters of the witnesses have built on it, as on Steem.
    Slow,
}

/// What keeps the other witnesses from producing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles {
    /// Nobody produces.
    pub(crate) halted: bool,
    /// So many of the other witnesses are gone.
    pub(crate) gone: usize,
    /// So many percent of the other witnesses' slots stay empty.
    pub(crate) absent: u32,
    /// Other nodes show a key change, and refuse a rival, only once it is in a block.
    pub(crate) slow_gossip: bool,
    /// How many of the other witnesses are on the other side while the net is split.
    pub(crate) minority: usize,
}

/// A chain.
#[derive(Debug)]
pub(crate) struct ModelChain {
    pub(crate) profile: Profile,
    pub(crate) troubles: Troubles,
    pub(crate) elections: Elections,
    /// Own slots that were lost because a key change was pending in them.
    pub(crate) cost: u32,
    /// A branch with a switch in it has lost.
    pub(crate) undone: bool,
    /// How far the branch that counts ever was: a fork can take it back from there.
    reached: Time,
    finality: Finality,
    links: Vec<Link>,
    genesis: Link,
    main: Branch,
    other: Option<Branch>,
    /// Every switch that ever got into a block, and that block.
    included: Vec<(Offer, LinkId)>,
    rng: SmallRng,
}

impl ModelChain {
    /// A chain with its first block, which `author` has made. `watched` are the watched witnesses and their first keys.
    pub(crate) fn new(
        profile: Profile,
        finality: Finality,
        author: AccountName,
        watched: &[(AccountName, PublicKey)],
        seed: u64,
    ) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let others = (0..profile.round_length + 2).filter_map(|n| AccountName::new(format!("other-{n:02}")).ok());
        let names: Vec<AccountName> = watched.iter().map(|(name, _)| name.clone()).chain(others).collect();
        let mut elections = Elections::new(names, watched.len(), profile.round_length, profile.future_schedule);
        let seats = Rc::new(elections.first(&vec![true; watched.len()], &mut rng));
        let time = Time::from_millis(GENESIS).plus(profile.block_interval);
        let block = Block {
            id: id_of(1, 0),
            previous: BlockId::default(),
            time,
            witness: author,
            signing_key: Some(others_key()),
            transactions: Vec::new(),
            key_changes: Vec::new(),
        };
        let truths = watched.iter().map(|(_, key)| Truth::new(*key)).collect();
        let account = elections.names.len() - 1;
        let genesis =
            Link { block, slot: 1, account, irreversible: 1, recent: u128::MAX, seats, truths, moves: Vec::new() };
        Self {
            profile,
            troubles: Troubles::default(),
            elections,
            cost: 0,
            undone: false,
            reached: time,
            finality,
            links: vec![genesis.clone()],
            genesis,
            main: Branch::starting_with(LinkId(0)),
            other: None,
            included: Vec::new(),
            rng,
        }
    }

    /// When a slot begins.
    pub(crate) fn time(&self, slot: u64) -> Time {
        time_of(self.profile.block_interval, slot)
    }

    pub(crate) fn link(&self, id: LinkId) -> &Link {
        self.links.get(id.0).unwrap_or(&self.genesis)
    }

    /// The branch of a side; while the net is whole there is but one.
    pub(crate) fn branch(&self, side: Side) -> &Branch {
        match (side, &self.other) {
            (Side::Other, Some(other)) => other,
            _ => &self.main,
        }
    }

    fn branch_mut(&mut self, side: Side) -> &mut Branch {
        match (side, &mut self.other) {
            (Side::Other, Some(other)) => other,
            _ => &mut self.main,
        }
    }

    pub(crate) const fn is_split(&self) -> bool {
        self.other.is_some()
    }

    /// The newest block of a side.
    pub(crate) fn head(&self, side: Side) -> &Link {
        self.link(self.branch(side).tip())
    }

    /// The block of a side at that height, or its newest one below.
    pub(crate) fn at(&self, side: Side, num: u32) -> &Link {
        self.link(self.branch(side).at_most(num))
    }

    /// The branch that counts in the end: that of most witnesses.
    pub(crate) fn truth(&self) -> &Link {
        self.head(Side::Main)
    }

    /// A watched witness on the branch that counts.
    pub(crate) fn truth_of(&self, witness: usize) -> Option<&Truth> {
        self.truth().truths.get(witness)
    }

    /// A watched witness's key as that side's nodes show it: with what is pending applied.
    pub(crate) fn pending_key(&self, side: Side, witness: usize) -> Option<PublicKey> {
        let held = self.head(side).truths.get(witness)?.key;
        let offers = &self.branch(side).offers;
        let pending = offers.iter().find(|offer| {
            offer.witness == witness && !self.troubles.slow_gossip && self.is_valid(side, self.head(side), offer)
        });
        Some(pending.map_or(held, |offer| offer.to))
    }

    fn is_valid(&self, side: Side, on: &Link, offer: &Offer) -> bool {
        let Some(condition) = &offer.condition else { return true };
        let key = on.truths.get(offer.witness).map(|truth| truth.key);
        let reference = self.at(side, condition.reference.num().0).block.id;
        key == Some(condition.from)
            && condition.expiration > on.block.time
            && reference == condition.reference
            && self.block_with(side, condition.id).is_none()
    }

    /// The block of a side that holds a switch.
    pub(crate) fn block_with(&self, side: Side, id: TransactionId) -> Option<&Link> {
        let holds = |(offer, link): &&(Offer, LinkId)| offer.id() == Some(id) && self.branch(side).holds(*link, self);
        self.included.iter().rev().find(holds).map(|(_, link)| self.link(*link))
    }

    /// Whether a block of the branch that counts may still hold a switch some day. A fork may bring back even one that has
    /// expired; nobody can wait for that, and the chain takes but one of two.
    pub(crate) fn may_still_include(&self, witness: usize, plan: &SwitchPlan, id: TransactionId) -> bool {
        let head = self.truth();
        let same = head.truths.get(witness).is_some_and(|truth| truth.key == plan.from_key);
        same && plan.expiration > self.reached && self.block_with(Side::Main, id).is_none()
    }

    /// StepTools a key change to that side's nodes: `Err` if the key is no longer the one that it names.
    pub(crate) fn offer(&mut self, side: Side, offer: Offer) -> Result<(), KeyMismatch> {
        if let Some(condition) = &offer.condition {
            let known = |other: &Offer| other.id() == Some(condition.id);
            if self.block_with(side, condition.id).is_some() || self.branch(side).offers.iter().any(known) {
                return Ok(());
            }
            if self.head(side).truths.get(offer.witness).map(|truth| truth.key) != Some(condition.from) {
                return Err(KeyMismatch);
            }
        }
        self.branch_mut(side).offers.push(offer);
        Ok(())
    }

    /// Whose slot that is on a side.
    pub(crate) fn producer(&self, side: Side, slot: u64) -> Option<Account> {
        self.head(side).seats.producer(slot)
    }

    /// Lets a slot pass. `signs` tells whether a node on that side would sign for a watched witness with that key.
    pub(crate) fn pass(&mut self, slot: u64, signs: impl Fn(Side, usize, PublicKey) -> bool) {
        if self.troubles.halted {
            return;
        }
        for side in [Side::Main, Side::Other] {
            if side == Side::Other && !self.is_split() {
                continue;
            }
            let Some(account) = self.producer(side, slot) else { continue };
            let Some(truth) = self.head(side).truths.get(account).cloned() else {
                if self.produces(side, account) {
                    self.append(side, slot, account, others_key());
                }
                continue;
            };
            let able = !truth.key.is_null() && signs(side, account, truth.key);
            if able && self.pending_key(side, account) != Some(truth.key) {
                // Producers pick their key from pending state: the block is refused.
                self.cost += 1;
            } else if able && self.takes_part(side) {
                self.append(side, slot, account, truth.key);
            }
        }
    }

    /// Whether producers on that side take it for the chain, and not for a minority.
    pub(crate) fn takes_part(&self, side: Side) -> bool {
        self.head(side).participation() >= REQUIRED_PARTICIPATION
    }

    /// Whether that witness is on that side. Where a watched one is only its nodes tell; it counts as on both.
    fn is_on(&self, side: Side, account: Account) -> bool {
        let Some(other) = account.checked_sub(self.elections.votes.len()) else { return true };
        let here = match (self.is_split(), other < self.troubles.minority) {
            (true, true) => Side::Other,
            _ => Side::Main,
        };
        here == side
    }

    fn produces(&mut self, side: Side, account: Account) -> bool {
        let other = account - self.elections.votes.len();
        // Some operators set their nodes to produce on a stale chain: without them no halt would end.
        let eager = !other.is_multiple_of(8);
        // The last in the list are gone, so that both sides of a split can lose witnesses.
        let gone = self.elections.names.len() - account <= self.troubles.gone;
        let absent = self.troubles.absent > 0 && self.rng.random_range(0..100) < self.troubles.absent;
        self.is_on(side, account) && (eager || self.takes_part(side)) && !gone && !absent
    }

    fn append(&mut self, side: Side, slot: u64, account: Account, signing_key: PublicKey) {
        let before = self.head(side).clone();
        let num = before.num() + 1;
        let gap = slot - before.slot - 1;
        let mut truths = before.truths.clone();
        for empty in before.slot + 1..slot {
            let whose = before.seats.producer(empty).and_then(|account| truths.get_mut(account));
            if let Some(truth) = whose {
                truth.missed(empty, gap, before.participation() < REQUIRED_PARTICIPATION);
            }
        }
        if let Some(truth) = truths.get_mut(account) {
            truth.produced(num);
        }
        let link = LinkId(self.links.len());
        let moves = self.take_offers(side, slot, link, &before, &mut truths);
        let enabled: Vec<bool> = truths.iter().map(|truth| !truth.key.is_null()).collect();
        let seats: Rc<RoundSeats> = match num.is_multiple_of(self.profile.round_length) {
            true => Rc::new(self.elections.next(&before.seats, num, &enabled, &mut self.rng)),
            false => Rc::clone(&before.seats),
        };
        let block = Block {
            id: id_of(num, link.0),
            previous: before.block.id,
            time: self.time(slot),
            witness: self.elections.names.get(account).cloned().unwrap_or(before.block.witness),
            signing_key: Some(signing_key),
            transactions: moves.iter().filter_map(|change| change.switch).collect(),
            key_changes: moves.iter().filter_map(|change| self.key_change(change)).collect(),
        };
        let shift = u32::try_from(gap).unwrap_or(u32::MAX);
        let recent = (before.recent << 1 | 1).checked_shl(shift).unwrap_or(0);
        let irreversible = before.irreversible;
        self.links.push(Link { block, slot, account, irreversible, recent, seats, truths, moves });
        self.branch_mut(side).push(link);
        if side == Side::Main || !self.is_split() {
            self.reached = self.reached.max(self.time(slot));
        }
        let irreversible = self.final_at(side, irreversible);
        if let Some(link) = self.links.get_mut(link.0) {
            link.irreversible = irreversible;
        }
    }

    fn key_change(&self, KeyMove { witness, to, .. }: &KeyMove) -> Option<KeyChange> {
        Some(KeyChange { witness: self.elections.names.get(*witness).cloned()?, key: *to })
    }

    /// Moves what a producer can put into its block from the offers into the state.
    fn take_offers(&mut self, side: Side, slot: u64, link: LinkId, on: &Link, truths: &mut [Truth]) -> Vec<KeyMove> {
        let (ready, later) = std::mem::take(&mut self.branch_mut(side).offers)
            .into_iter()
            .partition::<Vec<Offer>, _>(|offer| offer.ready <= slot);
        let mut moves: Vec<KeyMove> = Vec::new();
        for offer in ready {
            // Compare and switch, never twice; and of two in one block the second one loses.
            let moved = moves.iter().any(|change| change.witness == offer.witness);
            if moved && offer.condition.is_some() || !self.is_valid(side, on, &offer) {
                continue;
            }
            let Some(truth) = truths.get_mut(offer.witness) else { continue };
            if truth.key == offer.to {
                continue;
            }
            moves.push(KeyMove { witness: offer.witness, from: truth.key, to: offer.to, switch: offer.id() });
            truth.moved(offer.to, slot);
            if offer.condition.is_some() {
                self.included.push((offer, link));
            }
        }
        let now = self.time(slot);
        let alive = |offer: &Offer| offer.condition.as_ref().is_none_or(|condition| condition.expiration > now);
        self.branch_mut(side).offers = later.into_iter().filter(alive).collect();
        moves
    }

    /// The newest irreversible block: three quarters of the witnesses have built on it, or confirm each block at once.
    fn final_at(&self, side: Side, before: u32) -> u32 {
        let head = self.head(side);
        let seats = head.seats.current.len();
        let need = (seats * 3).div_ceil(4);
        let round = u64::try_from(seats).unwrap_or(u64::MAX);
        // At once, it takes three quarters that are on this side now; built on, three quarters that ever were.
        let present = (0..self.elections.names.len()).filter(|account| head.seats.current.contains(account));
        let at_once =
            self.finality == Finality::Fast && present.filter(|account| self.is_on(side, *account)).count() >= need;
        let (mut builders, mut seen): (u64, usize) = (0, 0);
        for id in self.branch(side).newest().take(2 * seats) {
            let link = self.link(id);
            let bit = 1_u64.checked_shl(u32::try_from(link.account).unwrap_or(0)).unwrap_or(0);
            if builders & bit == 0 {
                builders |= bit;
                seen += 1;
            }
            if seen >= need {
                let at_once = at_once && head.slot - link.slot < round;
                return if at_once { head.num() } else { link.num().max(before) };
            }
        }
        before
    }

    /// A watched witness's standing with the voters.
    pub(crate) fn vote(&mut self, witness: usize, votes: Votes) {
        if let Some(standing) = self.elections.votes.get_mut(witness) {
            *standing = votes;
        }
    }
}

/// The key on chain is not the one that a switch names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyMismatch;

/// The key of all witnesses that are not watched.
fn others_key() -> PublicKey {
    key_of(251, 0)
}

/// A key by two numbers.
pub(crate) const fn key_of(one: u8, other: u8) -> PublicKey {
    let mut bytes = [one; 33];
    (bytes[0], bytes[1]) = (2, other);
    PublicKey::from_bytes(bytes)
}

fn id_of(num: u32, link: usize) -> BlockId {
    let mut bytes = [0; 20];
    let link = u64::try_from(link).unwrap_or(u64::MAX);
    for (to, from) in bytes.iter_mut().zip(num.to_be_bytes().into_iter().chain(link.to_be_bytes())) {
        *to = from;
    }
    BlockId::from_bytes(bytes)
}
