//! Whether a site could do its work: then it must.

use crate::check::Checks;
use crate::endpoint::Worth;
use crate::site::{Edit, Site};
use crate::world::NightWorld;

/// Slots that nodes and endpoints must have been well before anything is expected.
const SETTLED: u64 = 15;

/// Since when a site has been running without a break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Awake {
    since: u64,
    last: u64,
}

impl Awake {
    pub(super) const fn new(slot: u64) -> Self {
        Self { since: slot, last: slot }
    }

    /// A slot in which the site ran, or did not.
    pub(super) fn note(&mut self, slot: u64, site: &Site) {
        let runs = site.process.is_some() && site.runs(slot);
        if !runs && slot - self.last > 6 || site.process.is_none() {
            self.since = slot + 1;
        }
        if runs {
            self.last = slot;
        }
        self.since = self.since.max(site.started);
    }

    /// For how many slots it has been running.
    pub(super) const fn slots(&self, slot: u64) -> u64 {
        slot.saturating_sub(self.since)
    }
}

impl Checks {
    /// Whether nothing keeps that site from moving a witness's key to a fit standby.
    pub(super) fn could_switch(&self, world: &NightWorld, place: usize, site: &Site, witness: usize) -> bool {
        let slot = world.slot;
        let round = u64::from(world.chain.profile.round_length);
        let awake = self.awake.get(place).is_some_and(|awake| awake.slots(slot) > 3 * round + 10);
        let armed = !site.is_edited(|edit| matches!(edit, Edit::Observe | Edit::PolicyBroken | Edit::PolicyWild));
        awake
            && armed
            && site.setup.policy.misses().is_some()
            && site.pauses.iter().all(|(paused, until)| *paused != witness || *until < slot)
            && sees(world, site)
            && self.standby_is_there(world, site, witness)
    }

    fn standby_is_there(&self, world: &NightWorld, site: &Site, witness: usize) -> bool {
        let Some(holder) = world.holder(witness) else { return false };
        let signs = !site.is_edited(|edit| edit == Edit::KeyMissing(holder));
        let well = |index: usize| {
            let since = self.well.get(index).copied().flatten();
            since.is_some_and(|since| world.slot - since > SETTLED)
        };
        signs && site.network.reaches_nodes() && (0..world.nodes.len()).any(|node| node != holder && well(node))
    }
}

/// Whether the site sees the chain: enough endpoints tell it the truth, and more than say anything else; and the chain
/// is there to be seen.
pub(super) fn sees(world: &NightWorld, site: &Site) -> bool {
    let (mut right, mut wrong): (u32, u32) = (0, 0);
    for (index, endpoint) in world.endpoints.iter().enumerate() {
        match endpoint.worth(&world.chain) {
            Worth::Right if site.network.sends_to(index) => right += 1,
            Worth::Wrong if site.network.reaches_endpoint(index) => wrong += 1,
            _ => {}
        }
    }
    let need = site.setup.quorum_of(world.endpoints.len());
    let chain = &world.chain;
    let goes_on = !chain.troubles.halted && chain.truth().slot + 6 > world.slot && chain.truth().participation() >= 80;
    right >= need && right > wrong && goes_on && !chain.is_split()
}
