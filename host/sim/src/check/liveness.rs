//! What every site must do: switch, or say truly why not; page; and come to an end.

use dogwatch_alerts::{Alert, AlertKey, Cause, Severity};
use dogwatch_chain::Time;
use dogwatch_engine::{Grade, SlotOutcome, Verdict, WitnessReading};

use crate::check::able::sees;
use crate::check::safety::is_out;
use crate::check::{Checks, Rule};
use crate::node::{Node, NodeFault};
use crate::site::Site;
use crate::site::policy::PolicyChoice;
use crate::site::process::Process;
use crate::world::NightWorld;

/// Blocks from the evidence to the switch: a miss counts once most witnesses have built on it.
const SWITCH_WITHIN: u64 = 30;
/// How near the next own slot is when the proactive policy stops to wait for a node to come back.
const SLOTS_AHEAD: u32 = 10;
/// Slots from the second miss to the page.
const PAGE_WITHIN: u64 = 12;

/// What is remembered of a witness's misses.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    /// By site: for how many blocks it could have switched and has not.
    idle: Vec<u64>,
    /// By site: misses that it could see, and hold against the node.
    seen: Vec<u32>,
    /// By site: whether it saw the witness's last block. Then the endpoints' counter tells of all misses since.
    saw_last: Vec<bool>,
    /// Misses in a row as of the last slot.
    misses: u32,
    /// By site: for how many slots nobody was paged.
    silent: Vec<u64>,
}

impl Outage {
    pub(super) fn new(sites: usize) -> Self {
        Self {
            idle: vec![0; sites],
            seen: vec![0; sites],
            saw_last: vec![false; sites],
            misses: 0,
            silent: vec![0; sites],
        }
    }

    /// Whether that site can know of all misses: it saw the witness's last block, or some of the misses themselves.
    pub(super) fn knows(&self, place: usize) -> bool {
        let saw_last = self.saw_last.get(place).copied().unwrap_or(false);
        saw_last || self.seen.get(place).is_some_and(|seen| *seen > 0)
    }
}

impl Checks {
    /// After all sites have polled.
    pub(crate) fn slot_ends(&mut self, world: &NightWorld, sites: &[Site]) {
        for (awake, site) in self.awake.iter_mut().zip(sites) {
            awake.note(world.slot, site);
        }
        for (since, site) in self.sees_since.iter_mut().zip(sites) {
            let sees = site.process.is_some() && !site.is_suspended() && sees(world, site);
            *since = if sees { Some(since.unwrap_or(world.slot)) } else { None };
        }
        let moved = world.chain.truth().slot == world.slot && !world.chain.truth().moves.is_empty();
        for (unseen, since) in self.unseen_move.iter_mut().zip(&self.sees_since) {
            *unseen |= moved && since.is_none();
        }
        self.note_misses(world, sites);
        self.within_budget(world, sites);
        for witness in 0..world.witnesses() {
            for (place, site) in sites.iter().enumerate() {
                self.switch_or_reason(world, place, site, witness);
                self.outage_is_paged(world, place, site, witness);
            }
        }
    }

    /// Counts the misses that each site can attribute: what came to pass while it saw the chain.
    fn note_misses(&mut self, world: &NightWorld, sites: &[Site]) {
        for (witness, outage) in self.outages.iter_mut().enumerate() {
            let misses = world.chain.truth_of(witness).map_or(0, |truth| truth.misses);
            let more = misses.saturating_sub(outage.misses);
            let key = world.chain.truth_of(witness).map(|truth| truth.key);
            let head = world.chain.truth();
            let produced = head.slot == world.slot && head.account == witness;
            let round = u64::from(world.chain.profile.round_length);
            let known = outage.seen.iter_mut().zip(&mut outage.saw_last);
            for ((seen, saw_last), (site, since)) in known.zip(sites.iter().zip(&self.sees_since)) {
                // A key that is new to a site is held to nothing for a round.
                let begun = since.map(|since| since.max(site.started));
                let settled = begun.is_some_and(|begun| world.slot > begun + round + 2);
                // While a switch of its own is under way a site asks nobody who else has moved the key.
                let flight = site.store.get(witness).in_flight;
                let settled = settled && flight.is_none_or(|flight| Some(flight.plan.from_key) == key);
                *seen = if misses < outage.misses || misses == 0 { 0 } else { *seen + if settled { more } else { 0 } };
                if produced {
                    *saw_last = since.is_some();
                }
                if site.forgot_at.is_some_and(|at| at + 1 >= world.slot) {
                    (*seen, *saw_last) = (0, false);
                }
            }
            outage.misses = misses;
        }
    }

    fn switch_or_reason(&mut self, world: &NightWorld, place: usize, site: &Site, witness: usize) {
        let misses = world.chain.truth_of(witness).map_or(0, |truth| truth.misses);
        let seen = self.outages.get(witness).and_then(|outage| outage.seen.get(place)).copied().unwrap_or(0);
        let enough = site.setup.policy.misses().is_some_and(|needed| seen >= needed) || is_proven(world, site, witness);
        let idle = enough
            && self.could_switch(world, place, site, witness)
            && !has_a_reason(site)
            && !says_what_was_unseen(site, witness);
        let Some(slots) = self.outages.get_mut(witness).and_then(|outage| outage.idle.get_mut(place)) else { return };
        let block = u64::from(world.chain.truth().slot == world.slot);
        // It must go by the slots that are near, not begin anew after each.
        let block = if may_wait(world, site, witness) { 0 } else { block };
        *slots = if idle { *slots + block } else { 0 };
        if *slots > SWITCH_WITHIN * site.slots_a_cycle() {
            let text = format!(
                "site {place} could have switched for {slots} blocks: {misses} misses; {}",
                state(world, site, witness)
            );
            self.broken(Rule::SwitchOrReason, world.slot, text);
        }
    }

    fn outage_is_paged(&mut self, world: &NightWorld, place: usize, site: &Site, witness: usize) {
        let Some(truth) = world.chain.truth_of(witness) else { return };
        let round = u64::from(world.chain.profile.round_length);
        let awake = self.awake.get(place).is_some_and(|awake| awake.slots(world.slot) > 3 * round + 10);
        // Whoever has lost what was known counts anew.
        let seen = self.outages.get(witness).and_then(|outage| outage.seen.get(place)).copied().unwrap_or(0);
        let saw_last =
            self.outages.get(witness).and_then(|outage| outage.saw_last.get(place)).copied().unwrap_or(false);
        // The endpoints' counter tells of what it could not see, if they agree on the witness.
        let counted = site
            .process
            .as_ref()
            .is_some_and(|process| matches!(process.tracker.witness(witness), WitnessReading::Agreed(_)));
        let knows = !site.amnesia && saw_last && counted;
        let known = if knows { truth.misses } else { seen };
        let outage = known >= 2 && !truth.key.is_null() && !world.chain.troubles.halted;
        let paged = site.store.desk.open().any(|alert| alert.severity >= Severity::Critical);
        let silent = outage && awake && !paged && !site.store.full;
        let (misses, since) = (truth.misses, truth.first_miss);
        let Some(slots) = self.outages.get_mut(witness).and_then(|outage| outage.silent.get_mut(place)) else { return };
        *slots = if silent { *slots + 1 } else { 0 };
        // Whoever sees only the smaller side of a split sees a calm night, until too few have produced for a round.
        let within = if world.chain.is_split() { PAGE_WITHIN + 2 * round } else { PAGE_WITHIN };
        if *slots > within {
            let text = format!(
                "site {place} pages nobody: {misses} misses since slot {since:?}; {}",
                state(world, site, witness)
            );
            self.broken(Rule::OutagePaged, world.slot, text);
        }
    }

    /// When everything is mended and some time has passed.
    pub(crate) fn dawn(&mut self, world: &NightWorld, sites: &[Site]) {
        for (place, site) in sites.iter().enumerate() {
            let Some(process) = &site.process else { continue };
            for alert in site.store.desk.open().filter(|alert| alert.severity > Severity::Info) {
                if !is_true(world, &alert.key) {
                    let text =
                        format!("site {place}: {} is still open: {} {}", alert.key, alert.summary, alert.details);
                    self.broken(Rule::AlertsEnd, world.slot, text);
                }
            }
            for (witness, watch) in process.watches.iter().enumerate() {
                let now = its_time(world, site, process);
                let verdict = watch.verdict(now, &process.tracker);
                let state = watch.state();
                if state.in_flight.is_some() || state.unproven.is_some() || verdict != Verdict::Fine {
                    let text = format!("site {place}: {}", self::state(world, site, witness));
                    self.broken(Rule::AllSettled, world.slot, text);
                }
            }
        }
    }
}

/// Whether an open alert tells why the policy's wish was not done, and no rail is wrong about it.
fn has_a_reason(site: &Site) -> bool {
    site.store.desk.open().any(|alert| {
        let part = alert.key.part.as_deref().unwrap_or_default();
        // A pause goes by the chain's time, which may stand still.
        let paused = part == "paused" && !site.pauses.is_empty();
        // A branch that most witnesses may not be on holds a site back, until it has looked well for a round.
        let fork = alert.key.cause == Cause::MinorityFork;
        fork || alert.key.cause == Cause::Refused && (paused || ["budget", "cool-down", "history-lost"].contains(&part))
    })
}

/// The time as the site's daemon takes it.
fn its_time(world: &NightWorld, site: &Site, process: &Process) -> Time {
    process.tracker.corrected(site.clock.read(world.chain.time(world.slot), world.slot))
}

/// Whether the site has proof that the node on duty produces nothing, and a policy that does not wait for a miss then.
fn is_proven(world: &NightWorld, site: &Site, witness: usize) -> bool {
    let Some(process) = site.process.as_ref().filter(|_| site.setup.policy == PolicyChoice::Proactive) else {
        return false;
    };
    let holder = world.holder(witness).and_then(|holder| world.nodes.get(holder));
    // One whose port is taken goes on producing, which its next block shows.
    let out = |node: &&Node| is_out(site, node, world.slot) && node.fault() != Some(NodeFault::PortTaken);
    let Some(holder) = holder.filter(out) else { return false };
    let Some(watch) = process.watches.get(witness) else { return false };
    let now = its_time(world, site, process);
    let mut nodes = watch.situation(now, &process.tracker).nodes.into_iter().filter(|node| node.name == holder.name);
    nodes.any(|node| node.evidence.iter().any(|evidence| matches!(evidence.grade, Grade::Gone | Grade::Stalled)))
}

/// Whether waiting costs nothing: the policy gives a node time to come back while the next own slot is far off.
fn may_wait(world: &NightWorld, site: &Site, witness: usize) -> bool {
    let Some(process) = site.process.as_ref().filter(|_| site.setup.policy == PolicyChoice::Proactive) else {
        return false;
    };
    let Some(watch) = process.watches.get(witness) else { return false };
    let now = its_time(world, site, process);
    let next = watch.next_slot(now, &process.tracker);
    next.is_some_and(|next| next.starts_in > world.chain.profile.slots(SLOTS_AHEAD))
}

/// Whether a page says that some of the misses came to pass unseen, and those that were seen are too few for a switch.
fn says_what_was_unseen(site: &Site, witness: usize) -> bool {
    let Some(needed) = site.setup.policy.misses() else { return false };
    let state = site.store.get(witness);
    let slots = state.slots.iter().rev().filter(|record| record.outcome != SlotOutcome::ChainWide);
    let seen = slots.take_while(|record| record.outcome == SlotOutcome::Missed).count();
    let paged = |alert: &Alert| alert.key.cause == Cause::Missing && alert.severity == Severity::Page;
    u32::try_from(seen).is_ok_and(|seen| seen < needed) && state.missed_unseen > 0 && site.store.desk.open().any(paged)
}

/// Whether what an alert says is still so when everything is mended.
fn is_true(world: &NightWorld, key: &AlertKey) -> bool {
    match key.cause {
        Cause::OneVoice => world.endpoints.len() == 1,
        Cause::LowParticipation => world.chain.truth().participation() < 110,
        _ => false,
    }
}

/// How a site sees a witness, for the one who must find out what happened.
pub(super) fn state(world: &NightWorld, site: &Site, witness: usize) -> String {
    let Some(process) = &site.process else { return "its daemon is down".to_owned() };
    let Some(watch) = process.watches.get(witness) else { return String::new() };
    let now = its_time(world, site, process);
    let state = watch.state();
    let open: Vec<String> = site.store.desk.open().map(|alert| alert.key.to_string()).collect();
    format!(
        "verdict {:?}, agreement {:?}, standstill {:?}, key {:?}, told {:?}, unseen {}, in flight {:?}, unproven {:?}, \
         open {open:?}, last slots {:?}",
        watch.verdict(now, &process.tracker),
        process.tracker.agreement(),
        process.tracker.standstill(),
        state.key,
        state.last_told,
        state.missed_unseen,
        state.in_flight.as_ref().map(|flight| (&flight.plan.to, flight.plan.expiration, flight.sends)),
        state.unproven.as_ref().map(|unproven| &unproven.plan.to),
        state.slots.iter().rev().take(4).collect::<Vec<_>>(),
    )
}
