//! What no site may ever do.

use std::collections::BTreeSet;

use dogwatch_chain::{PublicKey, Slot, TransactionId};
use dogwatch_engine::{Holder, NodeIndex, Origin, SlotOutcome, SwitchOutcome, SwitchPlan};

use crate::chain::branch::Side;
use crate::chain::link::Link;
use crate::check::able::sees;
use crate::check::liveness::state;
use crate::check::{Checks, Rule, origin_of};
use crate::endpoint::ModelEndpoint;
use crate::node::Node;
use crate::site::policy::PolicyChoice;
use crate::site::process::RAILS;
use crate::site::{Edit, Site};
use crate::world::NightWorld;

/// Heads that are no further apart than this do not tell two branches from two nodes of one.
const TOGETHER: u32 = 4;

impl Checks {
    /// Before each transmission.
    pub(crate) fn sending(
        &mut self,
        world: &NightWorld,
        sites: &[Site],
        place: usize,
        witness: usize,
        plan: &SwitchPlan,
        id: TransactionId,
    ) {
        let Some(site) = sites.get(place) else { return };
        let slot = world.slot;
        let stored = site.store.get(witness).in_flight.is_some_and(|flight| flight.plan == *plan);
        if !stored && !site.store.full {
            self.broken(Rule::StoredFirst, slot, format!("site {place} sends what it has not stored: {plan:?}"));
        }
        for earlier in site.sent.iter().filter(|earlier| earlier.witness == witness) {
            let same = earlier.plan.at == plan.at;
            if same && (earlier.id, &earlier.plan) != (id, plan) {
                let text = format!("site {place} sends {:?} again, as {plan:?}", earlier.plan);
                self.broken(Rule::SameBytes, slot, text);
            }
            let remembered = earlier.stored && !site.amnesia;
            if earlier.id != id && remembered && world.chain.may_still_include(witness, &earlier.plan, earlier.id) {
                let text = format!("site {place} sends {plan:?} while {:?} is under way", earlier.plan);
                self.broken(Rule::OneAtATime, slot, text);
            }
        }
        let first = !site.sent.iter().any(|earlier| earlier.id == id);
        if first && plan.origin != Origin::Operator {
            self.deciding(world, sites, place, witness, plan);
        }
    }

    /// At the moment of a policy's decision.
    fn deciding(&mut self, world: &NightWorld, sites: &[Site], place: usize, witness: usize, plan: &SwitchPlan) {
        let Some(site) = sites.get(place) else { return };
        let slot = world.slot;
        let needed = match needed_misses(world, site, &plan.from) {
            // Another site's move may be pending for a while, and a miss in between be held against the wrong node.
            needed if needed > 0 && sites.len() > 1 => needed.saturating_sub(1).max(1),
            needed => needed,
        };
        let misses = self.misses_as_seen(world, site, witness) + misses_of_others(world, site, witness, &plan.from);
        // A switch that names a key that is gone already changes nothing.
        let takes_effect = world.chain.truth_of(witness).is_some_and(|truth| truth.key == plan.from_key);
        // Nor can a site know of a move, and of one back, that it did not see.
        let knows = !self.unseen_move.get(place).copied().unwrap_or(false);
        if misses < needed && takes_effect && knows && plan.origin == Origin::Policy {
            let text =
                format!("site {place} switches after {misses} misses in a row, and {needed} are needed: {plan:?}");
            self.broken(Rule::FailureFirst, slot, text);
        }
        self.agreed_evidence(world, site, place, plan);
        self.allowed(world, site, place, witness, plan);
        self.fit_target(world, site, place, plan);
        if plan.origin == Origin::Policy {
            self.clean_target(world, sites, place, witness, plan);
        }
        let next_is_own = world.chain.producer(Side::Main, slot + 1) == Some(witness);
        let head = world.chain.truth();
        let crossing = head.num() + 2 > head.seats.schedule.next_shuffle.0;
        // A dead node loses it in any case. One whose machine has seen it end, and that is up again, counts as dead until its
        // probes are good.
        let probes = 3 * site.setup.probes_every * site.slots_a_cycle() + 5;
        let lost = |node: &Node| is_out(site, node, slot) || site.setup.beats && !node.has_been_well(probes, slot);
        let dead = world.nodes.iter().any(|node| plan.from == Holder::Node(node.name.clone()) && lost(node));
        if next_is_own && !dead && !crossing && sees(world, site) {
            self.broken(Rule::OwnSlotSpared, slot, format!("site {place} sends right before the own slot: {plan:?}"));
        }
    }

    /// One voice is enough only where there is but one.
    fn agreed_evidence(&mut self, world: &NightWorld, site: &Site, place: usize, plan: &SwitchPlan) {
        let need = site.setup.quorum_of(world.endpoints.len());
        // Nothing contradicts a lone voice.
        let counts = |endpoint: &ModelEndpoint| {
            endpoint.shows_a_fresh_head(&world.chain, world.slot) && (need == 1 || !endpoint.is_alone())
        };
        let shown = world.endpoints.iter().enumerate();
        let shown = shown.filter(|(index, endpoint)| site.network.reaches_endpoint(*index) && counts(endpoint));
        let operators: BTreeSet<&str> = shown.map(|(_, endpoint)| endpoint.operator.as_str()).collect();
        if u32::try_from(operators.len()).is_ok_and(|heard| heard < need) {
            let text = format!("site {place} hears {} operators, and {need} are needed: {plan:?}", operators.len());
            self.broken(Rule::AgreedEvidence, world.slot, text);
        }
    }

    /// What the operator has said, and what the rails say without looking at the chain.
    fn allowed(&mut self, world: &NightWorld, site: &Site, place: usize, witness: usize, plan: &SwitchPlan) {
        let slot = world.slot;
        let paused = !site.amnesia && site.pauses.iter().any(|(of, until)| *of == witness && slot + 1 < *until);
        let window = RAILS.budget_window.as_secs() / world.chain.profile.block_interval.as_secs().max(1);
        let forgetful = site.lost_at.is_some_and(|lost| slot < lost + window);
        let why = [
            (site.is_edited(|edit| edit == Edit::Observe), "it observes"),
            (paused, "it is paused"),
            (forgetful, "it has lost its state"),
        ];
        if let Some((_, why)) = why.iter().find(|(holds, _)| *holds) {
            self.broken(Rule::OnlyIfAllowed, slot, format!("site {place} switches although {why}: {plan:?}"));
        }
        let from = world.nodes.iter().position(|node| node.key(witness) == plan.from_key);
        if site.is_edited(|edit| from.is_some_and(|from| edit == Edit::KeyMissing(from))) {
            self.broken(Rule::KeyAtHand, slot, format!("site {place} has no key to sign {plan:?}"));
        }
        if plan.to == Holder::Disabled {
            self.broken(Rule::NeverDisabled, slot, format!("site {place} disables the witness: {plan:?}"));
        }
        let known =
            site.process.as_ref().and_then(|process| process.watches.get(witness)).map(|watch| &watch.state().switches);
        // Without the blocks nobody knows that a switch was in one, and undone in the same.
        let applied = |id| {
            let mut records = known.into_iter().flatten();
            records.any(|record| record.transaction == Some(id) && record.outcome == SwitchOutcome::Applied)
        };
        let mut earlier = site.sent.iter().filter(|sent| sent.witness == witness && sent.plan.at < plan.at);
        let hasty = earlier.any(|sent| applied(sent.id) && plan.at.since(sent.plan.at) < RAILS.cool_down);
        // A node that the key went back to, and that misses its first block, has had its chance.
        let taken_back = plan.origin == Origin::Failback && plan.first_missed.is_some();
        if hasty && !taken_back && !site.amnesia {
            self.broken(Rule::CooledDown, slot, format!("site {place} switches again too soon: {plan:?}"));
        }
    }

    /// Own misses in a row on the branch that counts: as of now, or of the block that the site has seen. Where the endpoints
    /// show the smaller side of a net that has just been split, nothing tells, and its misses count.
    fn misses_as_seen(&self, world: &NightWorld, site: &Site, witness: usize) -> u32 {
        let misses = |link: &Link| link.truths.get(witness).map_or(0, |truth| truth.misses);
        let now = misses(world.chain.truth());
        let Some(tip) = site.process.as_ref().and_then(|process| process.tracker.log().tip()) else { return now };
        let on = |side: Side| {
            let link = world.chain.at(side, tip.num().0);
            (link.block.id == tip.id).then(|| misses(link))
        };
        let just_split = world.chain.truth().num() <= tip.num().0.saturating_add(TOGETHER);
        now.max(on(Side::Main).or_else(|| on(Side::Other).filter(|_| just_split)).unwrap_or(0))
    }

    fn fit_target(&mut self, world: &NightWorld, site: &Site, place: usize, plan: &SwitchPlan) {
        let Holder::Node(name) = &plan.to else { return };
        let Some(index) = world.nodes.iter().position(|node| node.name == *name) else { return };
        let node = world.nodes.get(index);
        let patience = site.setup.probes_every + if node.is_some_and(Node::says_it_is_unfit) { 3 } else { 9 };
        let patience = patience + 2 * (site.slots_a_cycle() - 1);
        let since = node.and_then(Node::unfit_since);
        let unfit = since.map_or(0, |since| world.slot - since);
        if unfit > patience && !site.is_edited(|edit| edit == Edit::Unprobed(index)) {
            let fault = world.nodes.get(index).and_then(|node| node.fault());
            let text = format!("site {place} switches to {name}, which has been {fault:?} for {unfit} slots");
            self.broken(Rule::FitTarget, world.slot, text);
        }
    }

    /// Of the nodes that the site holds fit, one that failed lately is the last choice.
    fn clean_target(&mut self, world: &NightWorld, sites: &[Site], place: usize, witness: usize, plan: &SwitchPlan) {
        let Some(site) = sites.get(place) else { return };
        let wild = site.is_edited(|edit| edit == Edit::PolicyWild) || site.setup.policy == PolicyChoice::Wild;
        // Nor does it know of a move, and of one back, that it did not see.
        let knows = !site.amnesia && !self.unseen_move.get(place).copied().unwrap_or(false);
        let Some(process) = site.process.as_ref().filter(|_| !wild && knows) else { return };
        let Some(watch) = process.watches.get(witness) else { return };
        let round = u64::from(world.chain.profile.round_length);
        // A switch is remembered by when it was decided, which is some slots before it is in a block.
        let window = world.slot.saturating_sub(10 * round + 20).max(site.first_seen(16 * round));
        // Of the rounds in which a site began to read blocks it knows whose slots were missed only if a block tells when the
        // key moved.
        let base = process.tracker.clock().zip(process.tracker.log().base()).map(|(clock, base)| clock.slot(base.time));
        let just_seen = |slot: u64| base.is_some_and(|Slot(base)| base <= slot && slot <= base + 2 * round);
        let (mut moved, mut failed) = (Vec::new(), Vec::new());
        for id in world.chain.branch(Side::Main).newest() {
            let link = world.chain.link(id);
            if link.slot < window {
                break;
            }
            for change in link.moves.iter().filter(|change| change.witness == witness) {
                let by_policy = change.switch.is_some_and(|id| origin_of(sites, id) == Some(Origin::Policy));
                if by_policy && !just_seen(link.slot) {
                    failed.push((change.from, link.slot));
                }
                moved.push((change.from, link.slot));
            }
        }
        let within = |moves: &[(PublicKey, u64)], name: &str, since: u64| {
            let node = watch.config().nodes.iter().find(|node| node.name == name);
            node.is_some_and(|node| moves.iter().any(|(from, slot)| *from == node.key && *slot >= since))
        };
        let Holder::Node(target) = &plan.to else { return };
        let situation = watch.situation(plan.at, &process.tracker);
        let missed_last = |index: usize| {
            let own = situation.slots.iter().rev().find(|own| own.holder == Holder::Node(NodeIndex(index)));
            own.is_some_and(|own| own.outcome != SlotOutcome::Produced)
        };
        let clean = situation.nodes.iter().enumerate().find(|(index, node)| {
            let missed = missed_last(*index) || node.missed_for_others.is_some();
            let failed = missed || within(&moved, &node.name, window);
            // It may have become fit a moment after the policy was asked.
            let fit = node.eligible && node.health_for >= world.chain.profile.block_interval;
            fit && !failed && plan.from != Holder::Node(node.name.clone())
        });
        if let Some((_, clean)) = clean.filter(|_| within(&failed, target, window + 40)) {
            let text = format!("site {place} switches back to {target}, and {} is fit", clean.name);
            self.broken(Rule::CleanTarget, world.slot, text);
        }
    }

    /// When a site says that the witness misses no blocks any more.
    pub(crate) fn all_clear(&mut self, world: &NightWorld, sites: &[Site], place: usize, witness: usize) {
        let Some(process) = sites.get(place).and_then(|site| site.process.as_ref()) else { return };
        let Some(tip) = process.tracker.log().tip() else { return };
        let link = world.chain.at(Side::Main, tip.num().0);
        // What was true on a branch that has just lost, nobody could know better.
        let Some(truth) = link.truths.get(witness).filter(|_| link.block.id == tip.id) else { return };
        // Of misses after a block that it did not see a site may know nothing.
        let knows = self.outages.get(witness).is_some_and(|outage| outage.knows(place));
        let disabled = world.chain.truth_of(witness).is_some_and(|now| now.key.is_null());
        if truth.misses > 0 && !truth.key.is_null() && !disabled && knows {
            let state = sites.get(place).map(|site| state(world, site, witness)).unwrap_or_default();
            let text = format!("site {place} says that all is well, with {} misses in a row; {state}", truth.misses);
            self.broken(Rule::NoFalseAllClear, world.slot, text);
        }
    }

    /// Since when nodes have been well.
    pub(super) fn note_nodes(&mut self, world: &NightWorld) {
        for (index, node) in world.nodes.iter().enumerate() {
            if let Some(well) = self.well.get_mut(index) {
                *well = if node.is_well(&world.chain, world.slot) { Some(well.unwrap_or(world.slot)) } else { None };
            }
        }
    }
}

/// What the site holds against the node because other witnesses missed on it: those misses were held to the rules in their turn.
fn misses_of_others(world: &NightWorld, site: &Site, witness: usize, node: &Holder) -> u32 {
    let others = (0..world.witnesses()).filter(|other| *other != witness);
    let missed = |other| {
        // A process that has just died has stored what it knew, and a full disk has not.
        let running = site.process.as_ref().and_then(|process| process.watches.get(other));
        let state = running.map_or_else(|| site.store.get(other), |watch| watch.state().clone());
        let there = state.slots.iter().rev().filter(|record| record.holder == *node);
        let there = there.filter(|record| record.outcome != SlotOutcome::ChainWide);
        there.take_while(|record| record.outcome == SlotOutcome::Missed).count()
    };
    u32::try_from(others.map(missed).sum::<usize>()).unwrap_or(0)
}

/// Whether it is proven there that a node produces nothing, or was a moment ago.
pub(super) fn is_out(site: &Site, node: &Node, slot: u64) -> bool {
    let stalls = || node.stalls(slot) || node.stalls(slot.saturating_sub(1));
    node.has_ended(slot) || site.setup.beats && stalls()
}

/// How many misses in a row it takes until that site's policy moves the key away from that node.
fn needed_misses(world: &NightWorld, site: &Site, from: &Holder) -> u32 {
    let node = world.nodes.iter().find(|node| *from == Holder::Node(node.name.clone()));
    let probes = site.setup.probes_every * site.slots_a_cycle();
    let wild = site.is_edited(|edit| edit == Edit::PolicyWild) || site.setup.policy == PolicyChoice::Wild;
    match (site.setup.policy, node) {
        (PolicyChoice::Threshold(misses), _) if !wild => misses,
        // Whatever the policy, the host blames a node that is proven dead, and one that is far behind, which says so itself.
        (_, Some(node)) if is_out(site, node, world.slot) || node.is_far_behind(world.slot) => 0,
        // A node that has failed is held unfit until some probes were good.
        (PolicyChoice::Proactive, Some(node)) if !wild && node.has_been_well(3 * probes + 5, world.slot) => 2,
        _ => 1,
    }
}
