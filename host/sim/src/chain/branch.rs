//! Branches of the chain, and what happens to them when the net splits, heals, or drops its newest blocks.

use crate::chain::ModelChain;
use crate::chain::link::LinkId;
use crate::chain::offers::Offer;

/// A side of a net that may be split in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// That of most witnesses.
    Main,
    /// The other one.
    Other,
}

/// The blocks from the first one to a head, and the key changes that wait for the next.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    path: Vec<LinkId>,
    pub(crate) offers: Vec<Offer>,
}

impl Branch {
    pub(crate) fn starting_with(first: LinkId) -> Self {
        Self { path: vec![first], offers: Vec::new() }
    }

    pub(crate) fn tip(&self) -> LinkId {
        self.path.last().copied().unwrap_or(LinkId(0))
    }

    pub(crate) fn push(&mut self, link: LinkId) {
        self.path.push(link);
    }

    /// The block at that height, or the newest one below it.
    pub(crate) fn at_most(&self, num: u32) -> LinkId {
        let index = usize::try_from(num.saturating_sub(1)).unwrap_or(usize::MAX);
        self.path.get(index).copied().unwrap_or_else(|| self.tip())
    }

    /// The blocks, newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.path.iter().rev().copied()
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.path.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn holds(&self, link: LinkId, chain: &ModelChain) -> bool {
        self.at_most(chain.link(link).num()) == link
    }
}

impl ModelChain {
    /// Splits the net in two: from now on each side has a branch of its own.
    pub(crate) fn split(&mut self, minority: usize) {
        self.troubles.minority = minority;
        self.other.get_or_insert_with(|| self.main.clone());
    }

    /// Makes the net whole again: the longer branch wins, unless the other one is final.
    pub(crate) fn heal(&mut self) {
        let Some(other) = self.other.take() else { return };
        let common = self.main.path.iter().zip(&other.path).take_while(|(one, two)| one == two).count();
        let fork = u32::try_from(common).unwrap_or(u32::MAX);
        let final_on_main = self.link(self.main.tip()).irreversible > fork;
        let final_on_other = self.link(other.tip()).irreversible > fork;
        let other_wins = final_on_other || !final_on_main && other.len() > self.main.len();
        let (mut winner, loser) = match other_wins {
            true => (other, std::mem::replace(&mut self.main, Branch::starting_with(LinkId(0)))),
            false => (std::mem::replace(&mut self.main, Branch::starting_with(LinkId(0))), other),
        };
        let orphans = loser.path.get(common..).unwrap_or_default();
        let orphans = self.switches_in(orphans);
        self.undone |= !orphans.is_empty();
        winner.offers.extend(orphans);
        winner.offers.extend(loser.offers);
        self.main = winner;
    }

    /// The switches that those blocks hold, as offers.
    fn switches_in(&self, blocks: &[LinkId]) -> Vec<Offer> {
        self.included.iter().filter(|(_, link)| blocks.contains(link)).map(|(offer, _)| offer.clone()).collect()
    }

    /// The newest blocks lose to a branch that does not hold them. Their key changes are pending again, or lost.
    pub(crate) fn drop_newest(&mut self, depth: u32, keep_offers: bool) {
        let floor = self.truth().irreversible.max(self.main.len().saturating_sub(depth)).max(2);
        let floor = usize::try_from(floor).unwrap_or(usize::MAX);
        if floor >= self.main.path.len() {
            return;
        }
        let dropped = self.main.path.split_off(floor);
        self.undone |= !self.switches_in(&dropped).is_empty();
        self.main.offers.clear();
        if keep_offers {
            self.main.offers = self.switches_in(&dropped);
        }
    }
}
