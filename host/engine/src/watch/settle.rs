//! Finding out what became of a switch: in a block, expired, or overtaken.

use std::ops::RangeBounds;

use dogwatch_alerts::Cause;
use dogwatch_chain::{BlockId, BlockNum, Slot, Time};

use crate::chain::{Tracker, WitnessReading};
use crate::holder::Holder;
use crate::situation::{Mode, SlotOutcome, SwitchOutcome};
use crate::slots::SlotRecord;
use crate::switch::{InFlight, KeyRecord, Origin, SwitchPlan, SwitchRecord, Unproven};
use crate::watch::event::Command;
use crate::watch::key::KeySightings;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

/// Slots after the expiration until no node shows the expired switch as pending.
const PENDING_GONE: u32 = 2;

/// Switches that are kept.
const SWITCHES_KEPT: usize = 32;

impl Watch {
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        if let Some(flight) = self.state.in_flight.clone() {
            self.settle_in_flight(turn, flight);
        } else {
            // A full disk may have kept the alert and not the switch, which a restart then forgets.
            self.resolve(turn, Cause::NotTaken, "Dogwatch knows of no switch that is under way.");
            self.resolve(turn, Cause::InFlightHeld, "Dogwatch knows of no switch that is under way.");
        }
        if let Some(unproven) = self.state.unproven.clone().filter(|_| turn.chain.quorum_agrees()) {
            self.settle_unproven(turn, unproven);
        }
        if let Some(proven) = self.state.reversible.clone().filter(|_| turn.chain.quorum_agrees()) {
            self.settle_reversible(turn, proven);
        }
    }

    fn settle_in_flight(&mut self, turn: &mut Turn<'_>, mut flight: InFlight) {
        let id = flight.plan.id(&self.config.profile);
        let well = turn.chain.quorum_agrees();
        if let Some(block) = turn.chain.log().find(id).filter(|_| well) {
            let since = turn.chain.clock().map(|clock| clock.slot(block.time).plus(1));
            let (block, from_block, at) = (block.id, block.num().next(), block.time);
            // The key may have moved away and back before that, and on in the same block.
            let mut moves = self.moves_until(turn.chain, at);
            let own = moves.iter().rposition(|(_, key)| *key == flight.plan.to_key);
            moves.truncate(own.unwrap_or(moves.len()));
            self.remember_moves(turn, moves);
            return self.applied(turn, flight, Some(block), from_block, since);
        }
        if well && self.overtaken_by_proof(turn.chain, &flight) {
            return self.not_applied(turn, &flight, SwitchOutcome::Overtaken);
        }
        if self.holds_back(&flight.plan) {
            self.report_held(turn, &flight);
        } else if flight.due(turn.now, self.interval()) {
            self.resolve(turn, Cause::InFlightHeld, "Dogwatch sends it again: mode is \"armed\".");
            flight.last_sent = Some(turn.now);
            flight.sends = flight.sends.saturating_add(1);
            turn.push(Command::Send(Box::new(flight.plan.clone())));
            self.state.in_flight = Some(flight);
            return;
        }
        // Past its expiration, with every block up to there known, nothing is pending any more.
        let gone = flight.plan.expiration.plus(self.config.profile.slots(PENDING_GONE));
        let Some(head) = turn.chain.head().filter(|head| well && head.time > gone) else { return };
        if turn.chain.log().tip().is_none_or(|tip| tip.num() != head.num()) {
            return;
        }
        let WitnessReading::Agreed(state) = turn.chain.witness(self.config.tracker_index) else {
            // The endpoints do not agree on the key. The blocks are enough if they are all there: none holds the switch.
            if self.log_covers(turn.chain, &flight) {
                self.not_applied(turn, &flight, SwitchOutcome::Failed);
            }
            return;
        };
        // The key on chain tells.
        if state.signing_key == flight.plan.from_key {
            self.not_applied(turn, &flight, SwitchOutcome::Failed);
        } else if state.signing_key == flight.plan.to_key && !self.log_covers(turn.chain, &flight) {
            let slot = head.slot;
            let from_block = turn.chain.log().first_after(flight.plan.at).map_or(head.num(), |block| block.num());
            self.applied(turn, flight, None, from_block, Some(slot));
        } else {
            self.not_applied(turn, &flight, SwitchOutcome::Overtaken);
        }
    }

    /// Whether a switch under way is not sent again: whoever starts Dogwatch in mode "observe" wants nothing sent. What
    /// an operator forces in this run is carried through.
    pub(super) fn holds_back(&self, plan: &SwitchPlan) -> bool {
        self.config.mode == Mode::Observe && self.begun != Some(plan.id(&self.config.profile))
    }

    /// Reports once that a switch under way is not sent again, and may still take effect.
    fn report_held(&mut self, turn: &mut Turn<'_>, flight: &InFlight) {
        if turn.now < flight.plan.expiration && !self.state.alerts.is_open(&self.alert_key(Cause::InFlightHeld)) {
            let notice = self.in_flight_held(&flight.plan);
            self.update(turn, notice);
        }
    }

    /// Whether every block that could hold the switch is in the log, with its transactions.
    fn log_covers(&self, tracker: &Tracker, flight: &InFlight) -> bool {
        tracker.log().is_whole_from(flight.plan.reference.num().next())
    }

    /// Whether somebody else made the same change: a block is signed with the new key, and no block holds our switch.
    fn overtaken_by_proof(&self, tracker: &Tracker, flight: &InFlight) -> bool {
        // Blocks from before the decision are signed with that key if it was on duty a little earlier.
        let Some(first) = tracker.log().first_after(flight.plan.at) else { return false };
        self.log_covers(tracker, flight)
            && tracker.log().produced_since(&self.config.witness, flight.plan.to_key, first.num()).is_some()
    }

    fn applied(
        &mut self,
        turn: &mut Turn<'_>,
        flight: InFlight,
        block: Option<BlockId>,
        from_block: BlockNum,
        since: Option<Slot>,
    ) {
        self.state.key = Some(KeyRecord { key: flight.plan.to_key, since, before: Some(flight.plan.from_key) });
        self.sightings = KeySightings::default();
        self.state.missed_unseen = 0;
        self.remember(&flight, SwitchOutcome::Applied, block, turn.now);
        (self.state.in_flight, self.state.reversible) = (None, None);
        self.resolve(turn, Cause::NotTaken, "The switch is in a block.");
        let how = format!("It took effect: the signing key is now {}.", flight.plan.to.whose());
        self.resolve(turn, Cause::InFlightHeld, &how);
        let notice = self.switched(&flight.plan, block);
        self.update(turn, notice);
        self.state.unproven = Some(Unproven { plan: flight.plan, block, from_block, at: turn.now });
    }

    fn not_applied(&mut self, turn: &mut Turn<'_>, flight: &InFlight, outcome: SwitchOutcome) {
        self.remember(flight, outcome, None, turn.now);
        self.state.in_flight = None;
        let how = match outcome {
            SwitchOutcome::Overtaken => "Another site or an operator moved the key first.",
            _ => "The transaction has expired.",
        };
        self.resolve(turn, Cause::NotTaken, how);
        self.resolve(turn, Cause::InFlightHeld, "It did not take effect, and no longer can.");
        if outcome == SwitchOutcome::Overtaken {
            self.overtaken = Some(flight.plan.clone());
            let how = "Another site or an operator moved the key first: this switch is no longer needed.";
            self.resolve(turn, Cause::Switching, how);
        } else {
            let notice = self.switch_failed(turn.now, &flight.plan, flight.sends);
            self.update(turn, notice);
        }
    }

    fn remember(&mut self, flight: &InFlight, outcome: SwitchOutcome, block: Option<BlockId>, now: Time) {
        let plan = &flight.plan;
        self.state.switches.push(SwitchRecord {
            at: plan.at,
            from: plan.from.clone(),
            to: plan.to.clone(),
            origin: plan.origin,
            reason: plan.reason.clone(),
            outcome,
            transaction: Some(plan.id(&self.config.profile)),
            first_missed: plan.first_missed,
            block,
            proof: None,
            settled_at: Some(now),
        });
        self.forget_old_switches();
    }

    /// Remembers that somebody else moved the key away from its present holder. It counts as made for a failure if the holder
    /// has missed slots, or if nobody can tell.
    pub(super) fn remember_elsewhere(&mut self, turn: &Turn<'_>, from: Holder, to: Holder) {
        // Its new holder may have produced before the change was seen.
        let slots = self.state.slots.iter().rev().filter(|record| record.outcome != SlotOutcome::ChainWide);
        let before = slots.skip_while(|record| record.outcome == SlotOutcome::Produced && record.holder == to);
        let last = before.clone().next();
        let missed: Vec<&SlotRecord> =
            before.take_while(|record| record.outcome == SlotOutcome::Missed && record.holder == from).collect();
        let unseen = self.state.missed_unseen.max(self.missed_by_counter(turn.chain));
        let recent = turn.chain.head().map(|head| head.slot.back(self.round().saturating_mul(2)));
        let untold =
            last.is_none_or(|last| recent.is_none_or(|recent| last.slot < recent)) || !self.knows_a_slot(turn.chain);
        // Another site may have known that the node was dead before it missed a slot. Its switch had until it expires to get
        // into a block, and the node may have come back meanwhile.
        let lately = self.config.expiration;
        let unfit = self.health_of(&from).is_some_and(|health| health.was_unfit_within(turn.now, lately));
        let shared = self.shared_misses(turn.chain).first().map(|miss| miss.time);
        let (reason, first_missed) = match (missed.len(), missed.last()) {
            (1, Some(first)) => (format!("made elsewhere, after {from} missed a slot"), Some(first.time)),
            (more, Some(first)) => {
                (format!("made elsewhere, after {from} missed {more} slots in a row"), Some(first.time))
            }
            (_, None) if shared.is_some() => (format!("made elsewhere, after others missed slots on {from}"), shared),
            (_, None) if unfit => (format!("made elsewhere, while {from} was not fit"), Some(turn.now)),
            (_, None) if unseen > 0 => (format!("made elsewhere, after {from} missed slots"), Some(turn.now)),
            (_, None) if untold => ("made elsewhere, while Dogwatch could not see why".to_owned(), Some(turn.now)),
            (_, None) => (format!("made elsewhere, while {from} missed no slot"), None),
        };
        let now = turn.now;
        self.state.switches.push(SwitchRecord {
            at: now,
            first_missed,
            from,
            to,
            origin: Origin::Elsewhere,
            reason,
            outcome: SwitchOutcome::Applied,
            transaction: None,
            block: None,
            proof: None,
            settled_at: Some(now),
        });
        self.forget_old_switches();
    }

    /// Whether another branch has won that lacks that block.
    fn has_lost(tracker: &Tracker, block: BlockId) -> bool {
        let shorter = || Self::caught_up(tracker) && tracker.log().tip().is_some_and(|tip| tip.num() < block.num());
        tracker.log().id_at(block.num()).map_or_else(shorter, |known| known != block)
    }

    /// Whether the last switch was that one, and another branch has won that lacks its block.
    pub(super) fn lost_its_block(&self, tracker: &Tracker, from: &Holder, to: &Holder) -> bool {
        let last = self.state.switches.last().filter(|last| last.from == *from && last.to == *to);
        last.and_then(|last| last.block).is_some_and(|block| Self::has_lost(tracker, block))
    }

    /// Forgets the last switch, if it was that one and took effect.
    pub(super) fn forget_last_move(&mut self, from: &Holder, to: &Holder) -> Option<SwitchRecord> {
        let same =
            |last: &mut SwitchRecord| last.from == *from && last.to == *to && last.outcome == SwitchOutcome::Applied;
        self.state.switches.pop_if(same)
    }

    /// Those that took effect count against the budget: they are forgotten last.
    fn forget_old_switches(&mut self) {
        let switches = &mut self.state.switches;
        while switches.len() > SWITCHES_KEPT {
            let attempt = switches.iter().position(|record| record.outcome != SwitchOutcome::Applied);
            switches.remove(attempt.unwrap_or_default());
        }
    }

    /// Waits for the first block signed with the new key.
    fn settle_unproven(&mut self, turn: &mut Turn<'_>, mut unproven: Unproven) {
        let id = unproven.plan.id(&self.config.profile);
        match self.follow_branch(turn.chain, &unproven) {
            None => return self.forked_away(turn, unproven),
            Some(here) if here != unproven => {
                self.state.unproven = Some(here.clone());
                unproven = here;
            }
            Some(_) => {}
        }
        let witness = &self.config.witness;
        let proof = match unproven.plan.to {
            Holder::Disabled => {
                let settled = turn.chain.head().is_some_and(|head| head.irreversible >= unproven.from_block);
                settled.then_some(unproven.block.unwrap_or(unproven.plan.reference))
            }
            _ => {
                let log = turn.chain.log();
                log.produced_since(witness, unproven.plan.to_key, unproven.from_block).map(|block| block.id)
            }
        };
        let holder = self.holder();
        if let Some(proof) = proof {
            let record = self.state.switches.iter_mut().rev().find(|record| record.transaction == Some(id));
            if let Some(record) = record {
                record.proof = Some(proof);
            }
            (self.state.unproven, self.state.reversible) = (None, Some(unproven.clone()));
            let how = self.proven_text(turn.now, &unproven.plan, proof);
            self.resolve_switching(turn, &how);
        } else if let Some(holder) = holder.filter(|holder| *holder != unproven.plan.to) {
            // The key has moved on before the node produced: this switch will never be proven, but a fork may undo both moves.
            (self.state.unproven, self.state.reversible) = (None, Some(unproven.clone()));
            let (to, whose) = (unproven.plan.to.place(), holder.whose());
            let how = format!("The signing key is now {whose}; no block was produced with {to}.");
            self.resolve_switching(turn, &how);
        }
    }

    /// What the new key was held to since a move that a fork has undone was the old key's to produce.
    pub(super) fn give_back(&mut self, undone: &Holder, holder: &Holder) {
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default();
        self.hold_to(undone, holder, since..);
    }

    /// Holds another node to what was missed in those slots.
    pub(super) fn hold_to(&mut self, before: &Holder, holder: &Holder, slots: impl RangeBounds<Slot>) {
        let wrong = |record: &&mut SlotRecord| {
            slots.contains(&record.slot) && record.holder == *before && record.outcome != SlotOutcome::Produced
        };
        self.state.slots.iter_mut().filter(wrong).for_each(|record| record.holder = holder.clone());
    }

    /// The same switch as this branch has it, if its block lost to another branch that holds it too; nothing if that does not.
    fn follow_branch(&mut self, tracker: &Tracker, settled: &Unproven) -> Option<Unproven> {
        if !settled.block.is_some_and(|block| Self::has_lost(tracker, block)) {
            return Some(settled.clone());
        }
        let id = settled.plan.id(&self.config.profile);
        let other = tracker.log().find(id)?;
        if let Some(record) = self.state.switches.iter_mut().rev().find(|record| record.transaction == Some(id)) {
            record.block = Some(other.id);
        }
        let since = tracker.clock().map(|clock| clock.slot(other.time).plus(1));
        let moved = self.state.key.filter(|record| record.key == settled.plan.to_key);
        if let (Some(since), Some(record)) = (since, moved) {
            // What was missed before that block was still the old key's to produce.
            let before = record.since.unwrap_or_default();
            self.hold_to(&settled.plan.to, &settled.plan.from, before..since);
            self.state.key = Some(KeyRecord { since: Some(since), ..record });
        }
        Some(Unproven { block: Some(other.id), from_block: other.num().next(), ..settled.clone() })
    }

    /// Until its block is irreversible another branch may win that does not hold a switch, however well it is proven. Should
    /// even the irreversible fail, the same switch may be in a block again until it expires.
    pub(super) fn settle_reversible(&mut self, turn: &mut Turn<'_>, proven: Unproven) {
        let head = turn.chain.head();
        let moved_on = self.state.key.is_none_or(|record| record.key != proven.plan.to_key);
        let is_final = |block: BlockId| head.is_some_and(|head| head.irreversible >= block.num());
        let settled = proven.block.is_none_or(is_final) && head.is_some_and(|head| head.time > proven.plan.expiration);
        match self.follow_branch(turn.chain, &proven) {
            None if !moved_on => self.forked_away(turn, proven),
            here => self.state.reversible = here.filter(|_| !settled),
        }
    }

    /// The move that was first is undone: a switch that it has overtaken is under way again, until it expires.
    pub(super) fn revive_overtaken(&mut self, turn: &mut Turn<'_>) {
        let key = self.state.key.map(|record| record.key);
        let Some(plan) = self.overtaken.take().filter(|plan| Some(plan.from_key) == key) else { return };
        if turn.chain.head().is_none_or(|head| head.time > plan.expiration) {
            return;
        }
        let id = plan.id(&self.config.profile);
        self.state.switches.retain(|record| record.transaction != Some(id));
        let notice = self.switching(&plan);
        self.update(turn, notice);
        self.state.in_flight = Some(InFlight { plan, last_sent: None, sends: 0 });
    }

    /// Closes the alert about a switch, unless it is already about the next one.
    pub(super) fn resolve_switching(&mut self, turn: &mut Turn<'_>, how: &str) {
        if self.state.in_flight.is_none() {
            self.resolve(turn, Cause::Switching, how);
        }
    }

    /// The block with our switch lost to another branch: the switch is under way again.
    fn forked_away(&mut self, turn: &mut Turn<'_>, unproven: Unproven) {
        let id = unproven.plan.id(&self.config.profile);
        self.state.switches.retain(|record| record.transaction != Some(id));
        let notice = self.lost_to_fork(&unproven.plan);
        self.update(turn, notice);
        self.give_back(&unproven.plan.to, &unproven.plan.from);
        self.state.key = Some(KeyRecord { key: unproven.plan.from_key, since: None, before: None });
        self.sightings = KeySightings::default();
        self.state.in_flight = Some(InFlight { plan: unproven.plan, last_sent: None, sends: 0 });
        (self.state.unproven, self.state.reversible) = (None, None);
    }
}

#[cfg(test)]
mod tests;
