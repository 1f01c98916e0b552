//! What must hold in every night: the rules, and the first one that was broken.

mod able;
mod budget;
mod liveness;
mod safety;

use dogwatch_engine::Origin;

use crate::chain::branch::Side;
use crate::site::Site;
use crate::world::NightWorld;

/// A rule that holds in every night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// What is sent was stored before, where the disk takes anything.
    StoredFirst,
    /// The same switch is the same bytes each time.
    SameBytes,
    /// No site has two switches under way.
    OneAtATime,
    /// Nothing is sent after its expiration.
    NotExpired,
    /// A policy moves the key only if its holder misses its slots, on the branch that counts.
    FailureFirst,
    /// A policy moves the key only while as many operators as the quorum asks for show fresh heads.
    AgreedEvidence,
    /// A site in mode observe switches nothing, nor does one that is paused, nor one that has forgotten what it spent.
    OnlyIfAllowed,
    /// No site sends what it has no key to sign.
    KeyAtHand,
    /// No policy disables the witness unless the operator allowed it.
    NeverDisabled,
    /// A site leaves a switch its time before the next.
    CooledDown,
    /// The key goes to no node that is unfit.
    FitTarget,
    /// The key goes to no node that failed lately while a fit one has not.
    CleanTarget,
    /// No switch is sent right before the own slot.
    OwnSlotSpared,
    /// Policies make no more switches than the budget allows, over all sites.
    WithinBudget,
    /// Nobody says that all is well while the witness misses its slots.
    NoFalseAllClear,
    /// A site that could switch has done so, or a page says truly why not.
    SwitchOrReason,
    /// A witness that misses its slots is paged by every site.
    OutagePaged,
    /// When everything is mended every alert ends.
    AlertsEnd,
    /// When everything is mended nothing is left under way, and the verdict is *fine*.
    AllSettled,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// In which slot.
    pub slot: u64,
    /// What happened.
    pub text: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} in slot {}: {}", self.rule, self.slot, self.text)
    }
}

/// The rules, and what they must remember.
#[derive(Debug)]
pub(crate) struct Checks {
    pub(crate) violation: Option<Violation>,
    /// Own slots missed while the chain went on.
    pub(crate) missed: u32,
    /// By witness.
    outages: Vec<liveness::Outage>,
    /// By site.
    awake: Vec<able::Awake>,
    /// By site: since when it has seen the chain.
    sees_since: Vec<Option<u64>>,
    /// By site: whether a key moved while it could not see. Two moves in that time are one to it.
    unseen_move: Vec<bool>,
    /// By node: since when it has been well.
    well: Vec<Option<u64>>,
    /// By witness: its misses in a row as of the last slot.
    misses: Vec<u32>,
}

impl Checks {
    pub(crate) fn new(world: &NightWorld, sites: usize) -> Self {
        Self {
            violation: None,
            missed: 0,
            outages: vec![liveness::Outage::new(sites); world.witnesses()],
            unseen_move: vec![false; sites],
            sees_since: vec![None; sites],
            awake: vec![able::Awake::new(world.slot); sites],
            well: vec![Some(0); world.nodes.len()],
            misses: vec![0; world.witnesses()],
        }
    }

    /// Notes a broken rule, unless one was broken before.
    fn broken(&mut self, rule: Rule, slot: u64, text: String) {
        self.violation.get_or_insert(Violation { rule, slot, text });
    }

    /// After the chain's slot, before the sites poll.
    pub(crate) fn passed(&mut self, world: &NightWorld) {
        for (witness, before) in self.misses.iter_mut().enumerate() {
            let misses = world.chain.truth_of(witness).map_or(0, |truth| truth.misses);
            self.missed += misses.saturating_sub(*before);
            *before = misses;
        }
        self.note_nodes(world);
    }

    /// Changes of keys on the branch that counts, and how many of them a policy made.
    pub(crate) fn moves(&self, world: &NightWorld, sites: &[Site]) -> (u32, u32) {
        let (mut all, mut by_policy) = (0, 0);
        for id in world.chain.branch(Side::Main).newest() {
            for change in &world.chain.link(id).moves {
                all += 1;
                by_policy += u32::from(change.switch.is_some_and(|id| origin_of(sites, id) == Some(Origin::Policy)));
            }
        }
        (all, by_policy)
    }
}

/// Who wanted a switch, as its site knows.
fn origin_of(sites: &[Site], id: dogwatch_chain::TransactionId) -> Option<Origin> {
    let mut sent = sites.iter().flat_map(|site| &site.sent);
    sent.find(|sent| sent.id == id).map(|sent| sent.plan.origin)
}
