//! Faults as they strike the world and its sites, and as they are mended.

use std::time::Duration;

use dogwatch_chain::PublicKey;
use dogwatch_engine::{Event, Holder};

use crate::chain::branch::Side;
use crate::chain::election::Votes;
use crate::chain::key_of;
use crate::chain::offers::Offer;
use crate::endpoint::EndpointFault;
use crate::fault::FaultKind;
use crate::fault::effect::{Effect, Endpoints, Orphans, SiteEffect, Sites, Split, Struck, WalletKey};
use crate::night::NightFault;
use crate::node::NodeFault;
use crate::site::network::Cut;
use crate::site::store::Loss;
use crate::site::{Edit, Site, SiteAction};
use crate::world::NightWorld;

/// When in a slot operators and faults act: at its end.
const LATE: Duration = Duration::from_millis(2950);

/// What a fault has changed, besides what nodes, endpoints and sites know by its number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Undo {
    Halt,
    Gone,
    Absent,
    Gossip,
    Split,
    Votes(usize),
    Disk(usize),
    Deadly(usize),
}

/// The key that no configuration has.
pub(super) fn foreign_key(witness: usize) -> PublicKey {
    key_of(200, u8::try_from(witness).unwrap_or(u8::MAX))
}

impl NightWorld {
    /// A fault strikes. What the sites do about it comes back.
    pub(crate) fn strike(&mut self, number: usize, fault: &NightFault, sites: &mut [Site]) -> Vec<(usize, SiteAction)> {
        let Some(kind) = FaultKind::named(&fault.kind) else { return Vec::new() };
        match (kind.effect)(fault.amount) {
            Effect::Node(struck, what) => self.strike_nodes(number, fault, struck, what),
            Effect::Endpoint(struck, what) => self.strike_endpoints(number, fault, struck, what),
            Effect::Site(struck, what) => return self.strike_sites(number, fault, struck, what, sites),
            Effect::Split(split) => self.split(number, fault, split),
            Effect::DropNewest(depth, orphans) => self.chain.drop_newest(depth, orphans == Orphans::Kept),
            Effect::DropSwitch(orphans) => self.switch_trap = Some(orphans),
            Effect::Wallet(key) => self.wallet(fault.target, key),
            Effect::WalletAtSwitch => self.wallet_trap = Some(fault.target),
            effect => self.strike_chain(number, fault.target, effect),
        }
        Vec::new()
    }

    /// What a fault has broken is mended.
    pub(crate) fn mend(&mut self, number: usize, sites: &mut [Site]) {
        self.nodes.iter_mut().for_each(|node| node.mend(number, self.slot));
        self.endpoints.iter_mut().for_each(|endpoint| endpoint.mend(number));
        sites.iter_mut().for_each(|site| site.mend(number, self.slot));
        let (ended, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.struck).into_iter().partition(|(struck, _)| *struck == number);
        self.struck = rest;
        for (_, undo) in ended {
            match undo {
                Undo::Halt => self.chain.troubles.halted = false,
                Undo::Gone => self.chain.troubles.gone = 0,
                Undo::Absent => self.chain.troubles.absent = 0,
                Undo::Gossip => self.chain.troubles.slow_gossip = false,
                Undo::Split => self.chain.heal(),
                Undo::Votes(witness) => self.chain.vote(witness, Votes::Elected),
                Undo::Disk(site) => sites.iter_mut().skip(site).take(1).for_each(|site| site.store.full = false),
                Undo::Deadly(site) => sites.iter_mut().skip(site).take(1).for_each(|site| site.deadly = 0),
            }
        }
    }

    /// A part of the other witnesses.
    fn share(&self, percent: u32) -> usize {
        let others = self.chain.elections.names.len() - self.witnesses();
        others * usize::try_from(percent).unwrap_or(0) / 100
    }

    fn strike_chain(&mut self, number: usize, target: usize, effect: Effect) {
        let witness = target % self.witnesses();
        let gone = if let Effect::Gone(percent) = effect { self.share(percent) } else { 0 };
        let troubles = &mut self.chain.troubles;
        let undo = match effect {
            Effect::Halt => {
                troubles.halted = true;
                Undo::Halt
            }
            Effect::Gone(_) => {
                troubles.gone = gone;
                Undo::Gone
            }
            Effect::Absent(percent) => {
                troubles.absent = percent;
                Undo::Absent
            }
            Effect::SlowGossip => {
                troubles.slow_gossip = true;
                Undo::Gossip
            }
            Effect::Votes(votes) => {
                self.chain.vote(witness, votes);
                Undo::Votes(witness)
            }
            _ => return,
        };
        self.struck.push((number, undo));
    }

    /// The nodes struck: by their places.
    fn struck_nodes(&self, target: usize, struck: Struck) -> Vec<usize> {
        let witness = target % self.witnesses();
        let holder = self.holder(witness).unwrap_or(0);
        match struck {
            Struck::Holder => vec![holder],
            Struck::Standby => vec![self.standby(witness, target)],
            Struck::All => (0..self.nodes.len()).collect(),
            Struck::Standbys => (0..self.nodes.len()).filter(|node| *node != holder).collect(),
        }
    }

    /// A node that does not hold the key of a witness; with a single node, that one.
    pub(crate) fn standby(&self, witness: usize, target: usize) -> usize {
        let holder = self.holder(witness % self.witnesses()).unwrap_or(0);
        let others = self.nodes.len().saturating_sub(1).max(1);
        (holder + 1 + target % others) % self.nodes.len().max(1)
    }

    fn strike_nodes(&mut self, number: usize, fault: &NightFault, struck: Struck, what: NodeFault) {
        for place in self.struck_nodes(fault.target, struck) {
            let Self { chain, nodes, slot, .. } = self;
            nodes.iter_mut().skip(place).take(1).for_each(|node| node.strike(number, what, chain, *slot));
        }
    }

    fn strike_endpoints(&mut self, number: usize, fault: &NightFault, struck: Endpoints, what: EndpointFault) {
        let all = self.endpoints.len();
        let count = match struck {
            Endpoints::One => 1,
            Endpoints::Most => all / 2 + 1,
            Endpoints::All => all,
        };
        self.strike_some(number, fault.target, count, what);
    }

    fn strike_some(&mut self, number: usize, first: usize, count: usize, what: EndpointFault) {
        let Self { chain, endpoints, slot, .. } = self;
        let all = endpoints.len();
        for place in (0..count.min(all)).map(|n| (first + n) % all.max(1)) {
            endpoints.iter_mut().skip(place).take(1).for_each(|endpoint| endpoint.strike(number, what, chain, *slot));
        }
    }

    fn split(&mut self, number: usize, fault: &NightFault, split: Split) {
        if self.chain.is_split() {
            return;
        }
        // Fewer than half of those that are elected, the watched ones among them if their node is there.
        let round = usize::try_from(self.chain.profile.round_length).unwrap_or(0);
        let watched = if split.holder { self.witnesses() } else { 0 };
        let most = (round.saturating_sub(1) / 2).saturating_sub(watched);
        self.chain.split(self.share(split.witnesses).min(most));
        self.strike_some(number, fault.target, split.endpoints, EndpointFault::OtherSide);
        if split.holder {
            self.strike_nodes(number, fault, Struck::Holder, NodeFault::OtherSide);
        }
        self.struck.push((number, Undo::Split));
    }

    /// The operator's wallet sets a key.
    pub(crate) fn wallet(&mut self, target: usize, key: WalletKey) {
        let witness = target % self.witnesses();
        let to = match key {
            WalletKey::Standby => {
                let standby = self.standby(witness, target);
                self.nodes.get(standby).map_or(PublicKey::NULL, |node| node.key(witness))
            }
            WalletKey::Foreign => foreign_key(witness),
            WalletKey::Null => PublicKey::NULL,
        };
        self.set_key(witness, to);
    }

    /// The operator's wallet sets that key.
    pub(crate) fn set_key(&mut self, witness: usize, to: PublicKey) {
        let offer = Offer { witness, to, condition: None, ready: self.slot + 1 };
        // A wallet's change names no key that it replaces, so it is always taken.
        let _taken = self.chain.offer(Side::Main, offer);
    }

    fn strike_sites(
        &mut self,
        number: usize,
        fault: &NightFault,
        struck: Sites,
        what: SiteEffect,
        sites: &mut [Site],
    ) -> Vec<(usize, SiteAction)> {
        let one = fault.target % sites.len().max(1);
        let places = match struck {
            Sites::One => one..one + 1,
            Sites::All => 0..sites.len(),
        };
        let mut actions = Vec::new();
        for place in places {
            let Some(site) = sites.get_mut(place) else { continue };
            let done = match what {
                SiteEffect::Pause(_) | SiteEffect::Resume | SiteEffect::Manual(_) => self.command(fault, what, site),
                _ => {
                    self.strike_site(number, fault, what, place, site);
                    Vec::new()
                }
            };
            actions.extend(done.into_iter().map(|action| (place, action)));
        }
        actions
    }

    /// The operator's commands.
    fn command(&self, fault: &NightFault, what: SiteEffect, site: &mut Site) -> Vec<SiteAction> {
        let (now, slot) = (self.time(LATE), self.slot);
        let witness = fault.target % self.witnesses();
        let event = match what {
            SiteEffect::Pause(slots) => {
                if site.hears() {
                    site.pauses.retain(|(paused, _)| *paused != witness);
                    site.pauses.push((witness, slot + u64::from(slots)));
                }
                Event::Pause(self.chain.profile.slots(slots))
            }
            SiteEffect::Resume => {
                site.pauses.retain(|(paused, _)| *paused != witness);
                Event::Resume
            }
            SiteEffect::Manual(force) => match self.nodes.get(self.standby(witness, fault.target)) {
                Some(node) => Event::Manual(Holder::Node(node.name.clone()), force),
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        site.tell(now, slot, witness, event)
    }

    fn strike_site(&mut self, number: usize, fault: &NightFault, what: SiteEffect, place: usize, site: &mut Site) {
        let (now, slot) = (self.time(LATE), self.slot);
        let node = fault.target % self.nodes.len().max(1);
        match what {
            SiteEffect::Clock(clock) => site.clock.strike(number, clock, slot),
            SiteEffect::Cut(cut) => site.network.strike(number, cut),
            SiteEffect::CutFromEndpoint => {
                site.network.strike(number, Cut::Endpoint(fault.target % self.endpoints.len().max(1)));
            }
            SiteEffect::Edit(edit) => site.edit(number, edit, slot),
            SiteEffect::KeyMissing => site.edit(number, Edit::KeyMissing(node), slot),
            SiteEffect::Unprobed => site.edit(number, Edit::Unprobed(node), slot),
            SiteEffect::Suspended => site.suspend(number),
            SiteEffect::SlowDisk(cycles) => site.slow_down(number, cycles),
            SiteEffect::FullDisk => {
                (site.store.full, site.amnesia) = (true, true);
                self.struck.push((number, Undo::Disk(place)));
            }
            SiteEffect::Deadly(steps) => {
                site.deadly = steps;
                self.struck.push((number, Undo::Deadly(place)));
            }
            SiteEffect::Down(slots) => site.die(slot + slots),
            SiteEffect::DieAfterSend(slots) => site.dies_after_send = Some(slots),
            SiteEffect::Lost(how) => {
                site.store.lose(how, site.clock.read(now, slot));
                (site.amnesia, site.lost_at) =
                    (true, (how == Loss::Unreadable && site.clock.error(slot).abs() < 2000).then_some(slot));
                site.forgot_at = Some(slot);
                site.pauses.clear();
                site.die(slot);
            }
            SiteEffect::Restored => {
                site.store.restore();
                site.pauses.clear();
                (site.amnesia, site.lost_at, site.forgot_at) = (true, None, Some(slot));
                site.die(slot);
            }
            SiteEffect::Pause(_) | SiteEffect::Resume | SiteEffect::Manual(_) => {}
        }
    }
}
