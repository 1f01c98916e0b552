//! Plays a night: faults at their slots, the chain slot by slot, and the sites that poll in between.

use std::collections::VecDeque;
use std::time::Duration;

use dogwatch_chain::{Profile, Time};
use dogwatch_engine::{Origin, SendReport, SwitchPlan};

use crate::chain::offers::Offer;
use crate::chain::time_of;
use crate::check::{Checks, Violation};
use crate::endpoint::Taken;
use crate::fault::effect::WalletKey;
use crate::night::{Night, NightError, NightFault};
use crate::site::policy::{Decide, PolicyChoice};
use crate::site::{SentSwitch, Site, SiteAction};
use crate::world::NightWorld;

/// Rounds that pass before the sites start.
const DUSK: u64 = 3;
/// Rounds, and slots besides, from the last repair until every alert must be over.
const CALM: (u64, u64) = (5, 60);

/// Who decides at each site.
pub trait Policies {
    /// The policy of a site that is set up with that choice.
    fn of_site(&self, choice: PolicyChoice, seed: u64) -> Box<dyn Decide>;
}

/// The policies as they are compiled into this program.
#[derive(Clone, Copy, Debug)]
pub struct Natively;

impl Policies for Natively {
    fn of_site(&self, choice: PolicyChoice, seed: u64) -> Box<dyn Decide> {
        choice.native(seed)
    }
}

/// What became of a night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NightOutcome {
    /// The first rule that was broken.
    pub violation: Option<Violation>,
    /// Slots that were played.
    pub slots: u64,
    /// Changes of keys in blocks.
    pub key_changes: u32,
    /// Switches that a policy made.
    pub switches: u32,
    /// Switches that a policy wanted and that a rail refused: each is counted once, however long it stands in the way.
    pub refused: u32,
    /// Own slots that were missed while the chain went on.
    pub missed: u32,
}

/// Plays a night to its end, or to the first broken rule.
///
/// # Errors
///
/// The night cannot be played.
pub fn play(night: &Night, policies: &dyn Policies) -> Result<NightOutcome, NightError> {
    night.check()?;
    let mut run = NightRun::open(night, policies)?;
    let mut refused = 0_u32;
    run.run(&mut |run| refused += run.refused());
    Ok(NightOutcome { refused, ..run.outcome() })
}

/// Plays the slots of a night and no more: nothing is mended at its end, and nobody asks whether all alerts are over.
///
/// # Errors
///
/// The night cannot be played.
pub fn play_slots(night: &Night, policies: &dyn Policies) -> Result<NightOutcome, NightError> {
    night.check()?;
    let mut run = NightRun::open(night, policies)?;
    let mut refused = 0_u32;
    run.go_on(night.slots, &night.faults, 0, &mut |run| refused += run.refused());
    Ok(NightOutcome { refused, ..run.outcome() })
}

/// The beginning of a night's slot: faults count from slot 0, and a situation's time tells in which it is.
pub fn slot_begins(night: &Night, slot: u64) -> Time {
    // Both chains have the same slots.
    time_of(Profile::hive().block_interval, DUSK * u64::from(night.round) + slot + 1)
}

/// A night that is being played.
#[derive(Debug)]
pub(crate) struct NightRun<'a> {
    night: &'a Night,
    pub(crate) world: NightWorld,
    pub(crate) sites: Vec<Site>,
    pub(crate) checks: Checks,
    /// What the sites did in this slot.
    pub(crate) actions: Vec<(usize, SiteAction)>,
    /// What went wrong or was mended in this slot.
    pub(crate) events: Vec<String>,
    dusk: u64,
}

impl<'a> NightRun<'a> {
    pub(crate) fn open(night: &'a Night, policies: &dyn Policies) -> Result<Self, NightError> {
        let mut world = NightWorld::new(night).map_err(|error| NightError::Unreadable(error.to_string()))?;
        let dusk = DUSK * u64::from(night.round);
        while world.slot < dusk {
            world.pass();
        }
        let sites = night.sites.iter().enumerate().map(|(place, setup)| {
            let seed = night.seed.wrapping_mul(31).wrapping_add(u64::try_from(place).unwrap_or(0));
            Site::new(*setup, world.witnesses(), policies.of_site(setup.policy, seed), seed)
        });
        let sites: Vec<Site> = sites.collect();
        let checks = Checks::new(&world, sites.len());
        Ok(Self { night, world, sites, checks, actions: Vec::new(), events: Vec::new(), dusk })
    }

    fn outcome(self) -> NightOutcome {
        let (key_changes, switches) = self.checks.moves(&self.world, &self.sites);
        NightOutcome {
            slots: self.world.slot,
            key_changes,
            switches,
            refused: 0,
            missed: self.checks.missed,
            violation: self.checks.violation,
        }
    }

    /// Plays on to the end, or to the first broken rule. `see` sees each slot.
    pub(crate) fn run(&mut self, see: &mut dyn FnMut(&Self)) {
        let night = self.night;
        let round = u64::from(night.round);
        self.go_on(night.slots, &night.faults, 0, see);
        // Everything is mended: all alerts must come to an end.
        for number in 0..night.faults.len() {
            self.world.mend(number, &mut self.sites);
        }
        self.operator_mends();
        for _ in 0..3 {
            self.go_on((CALM.0 * round + CALM.1) / 3, &[], night.faults.len(), see);
            self.operator_mends();
        }
        self.go_on(CALM.0 * round, &[], night.faults.len(), see);
        // A chain that stood still for long takes its time: producers wait for each other.
        for _ in 0..10 {
            if self.world.chain.truth().participation() < 100 {
                self.go_on(60, &[], night.faults.len(), see);
            }
        }
        self.checks.dawn(&self.world, &self.sites);
        // And nobody has come to a state without a way out.
        let crash = NightFault { kind: "holder-crashed".to_owned(), at: 0, lasts: 9999, target: 0, amount: 0 };
        self.go_on(CALM.0 * round + CALM.1, &[crash], night.faults.len(), see);
    }

    /// Lets something go wrong.
    pub(crate) fn strike(&mut self, number: usize, fault: &NightFault) {
        let actions = self.world.strike(number, fault, &mut self.sites);
        actions.into_iter().for_each(|(place, action)| self.carry_out(place, vec![action]));
    }

    fn go_on(&mut self, slots: u64, faults: &[NightFault], first: usize, see: &mut dyn FnMut(&Self)) {
        let begin = self.world.slot;
        while self.world.slot < begin + slots && self.checks.violation.is_none() {
            let at = self.world.slot - begin;
            self.events.clear();
            self.actions.clear();
            for (number, fault) in faults.iter().enumerate() {
                if fault.at == at {
                    self.events.push(format!("{} strikes ({}, {})", fault.kind, fault.target, fault.amount));
                    self.strike(first + number, fault);
                }
                if fault.lasts > 0 && fault.at + fault.lasts == at {
                    self.events.push(format!("{} is mended", fault.kind));
                    self.world.mend(first + number, &mut self.sites);
                }
            }
            self.slot();
            see(self);
        }
    }

    fn slot(&mut self) {
        self.world.pass();
        self.checks.passed(&self.world);
        self.poll_sites();
        self.world.lose_switch_block();
        self.checks.slot_ends(&self.world, &self.sites);
    }

    /// Each site polls, at its moment of the slot.
    pub(crate) fn poll_sites(&mut self) {
        let mut polls: Vec<(u32, usize)> =
            self.sites.iter().enumerate().map(|(place, site)| (site.setup.poll_at, place)).collect();
        polls.sort_unstable();
        for (after, place) in polls {
            // Not always at the same moment of a second: so the clocks of the endpoints' servers can be told.
            let shift = (self.world.slot % 3) * 250;
            let now = self.world.time(Duration::from_millis(u64::from(after).saturating_sub(250) + shift));
            let NightWorld { chain, endpoints, nodes, slot, .. } = &mut self.world;
            let Some(site) = self.sites.get_mut(place) else { continue };
            let actions = site.cycle(now, *slot, chain, endpoints, nodes);
            self.carry_out(place, actions);
        }
    }

    /// Carries out what a site does: above all its transmissions.
    pub(crate) fn carry_out(&mut self, place: usize, actions: Vec<SiteAction>) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match &action {
                SiteAction::Send(witness, plan) => actions.extend(self.send(place, *witness, plan)),
                SiteAction::AllClear(witness) => self.checks.all_clear(&self.world, &self.sites, place, *witness),
                SiteAction::Decided(..) => {}
            }
            self.actions.push((place, action));
        }
    }

    fn send(&mut self, place: usize, witness: usize, plan: &SwitchPlan) -> Vec<SiteAction> {
        let id = plan.id(&self.world.chain.profile);
        self.checks.sending(&self.world, &self.sites, place, witness, plan, id);
        let Some(site) = self.sites.get_mut(place) else { return Vec::new() };
        let after = Duration::from_millis(u64::from(site.setup.poll_at) + 10);
        site.sent.push(SentSwitch { witness, plan: plan.clone(), id, stored: !site.store.full });
        let mut report = SendReport::default();
        let slot = self.world.slot;
        for (index, endpoint) in self.world.endpoints.iter().enumerate() {
            let offer = Offer::of_plan(witness, plan, id, slot + site.setup.delay);
            let taken = match site.network.sends_to(index) {
                true => endpoint.offer(&mut self.world.chain, slot, offer),
                false => Taken::Trouble("network unreachable"),
            };
            match taken {
                Taken::Accepted => report.accepted += 1,
                Taken::KeyMismatch => report.key_mismatch += 1,
                Taken::Trouble(why) => report.troubles.push(format!("{}: {why}", endpoint.name)),
            }
        }
        if plan.origin == Origin::Policy
            && let Some(target) = self.world.wallet_trap.take()
        {
            self.events.push("the operator moves the key with a wallet".to_owned());
            self.world.wallet(target, WalletKey::Standby);
        }
        site.was_sent(self.world.time(after), slot, witness, id, report)
    }

    /// Where a person must act, one does: a witness whose key nobody here has gets that of a node.
    fn operator_mends(&mut self) {
        for witness in 0..self.world.witnesses() {
            if self.world.holder(witness).is_none()
                && let Some(node) = self.world.nodes.first()
            {
                let key = node.key(witness);
                self.events.push(format!("the operator sets the key of {}", node.name));
                self.world.set_key(witness, key);
            }
        }
    }

    /// Switches that a rail refused in this slot.
    fn refused(&self) -> u32 {
        let is_refusal = |action: &SiteAction| matches!(action, SiteAction::Decided(_, record) if record.is_refusal());
        let count = self.actions.iter().filter(|(_, action)| is_refusal(action)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Slots since the sites started.
    pub(crate) const fn since_dusk(&self) -> u64 {
        self.world.slot - self.dusk
    }
}
