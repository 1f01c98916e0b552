//! Taking in what the chain and the probes show.

use std::time::Duration;

use dogwatch_chain::{BlockId, BlockNum, Slot, Time};

use crate::alert::{AlertKey, Severity};
use crate::cause::Cause;
use crate::health::{Probe, assess};
use crate::log::SlotFact;
use crate::situation::{Agreement, Health, NodeIndex, SlotOutcome, Verdict};
use crate::switch::{KeyRecord, Target, Unproven};
use crate::tracker::{Standstill, Tracker, WitnessReading};
use crate::watch::{Command, SlotRecord, Watch};

/// Own slots that are remembered: enough for any policy's window, small enough to store.
const SLOTS_KEPT: usize = 64;

/// By so many slots participation must exceed its limit before the alert about it is closed, so as not to flap.
const PARTICIPATION_MARGIN: u8 = 4;

impl Watch {
    pub(super) fn observed(&mut self, now: Time, tracker: &Tracker, out: &mut Vec<Command>) {
        // First what became of our own switch, so that its effect is not taken for somebody else's.
        self.settle(now, tracker, out);
        // One endpoint alone is not believed about keys and blocks, unless it is the only one there is.
        if Self::well(tracker) {
            self.note_key(now, tracker, out);
            self.note_slots(tracker);
        }
        self.note_key_split(now, tracker);
        self.say_key_state(now, out);
        self.say_participation(now, tracker, out);
        self.say_misses(now, tracker, out);
        self.forget_nodes(now, out);
        self.ask(now, tracker, out);
    }

    /// Notices a change of the key on chain that is not the switch under way.
    fn note_key(&mut self, now: Time, tracker: &Tracker, out: &mut Vec<Command>) {
        let state = match tracker.witness(self.config.tracker_index) {
            WitnessReading::Agreed(state) => state,
            WitnessReading::NoSuchWitness => {
                let notice = self.no_such_witness();
                return self.raise(now, notice, out);
            }
            WitnessReading::Unread | WitnessReading::Split(_) => return,
        };
        self.resolve(now, Cause::NoSuchWitness, "The endpoints know the witness now.", out);
        let key = state.signing_key;
        let Some(head) = tracker.head() else { return };
        // While a switch is under way nodes may show its key before any block holds it; and while its block can still
        // be forked away, or was read a moment after the key, they may show the key from before it.
        let returned = |unproven: &Unproven| {
            let young = |block: BlockId| head.irreversible < block.num() || head.num() <= block.num();
            key == unproven.plan.from_key && unproven.block.is_some_and(young)
        };
        if self.state.in_flight.is_some() || self.state.unproven.as_ref().is_some_and(returned) {
            return;
        }
        // Nodes show a key as soon as it is pending, and which block holds it is not told: a round later it is sure to
        // count, and until then a miss is not held against it.
        let since = Some(head.slot.plus(self.round()));
        match self.state.key {
            None => {
                // Misses from before the first look are this key's only if it signed a block before them.
                let proven = tracker.log().produced_since(&self.config.witness, key, BlockNum(0)).is_some();
                self.state.key = Some(KeyRecord { key, since: since.filter(|_| !proven), before: None });
            }
            Some(record) if record.key == key => {}
            Some(record) => {
                self.state.key = Some(KeyRecord { key, since, before: Some(record.key) });
                let (from, to) = (self.holder_of(record.key), self.holder_of(key));
                // A foreign key and the null key have alerts of their own.
                if matches!(to, Target::Node(_)) {
                    let notice = self.key_changed(&from, &to);
                    self.update(now, notice, out);
                } else {
                    self.resolve(now, Cause::KeyChanged, "The signing key has changed once more.", out);
                }
            }
        }
    }

    /// Brings the memory of own slots up to date with the log.
    fn note_slots(&mut self, tracker: &Tracker) {
        let log = tracker.log();
        let (Some(clock), Some(base), Some(tip)) = (tracker.clock(), log.base(), log.tip()) else { return };
        if self.state.key.is_none() || !Self::caught_up(tracker) {
            return;
        }
        let (base, tip) = (clock.slot(base.time), clock.slot(tip.time));
        // What a restart has put out of the log's reach stays as it was; but across a hole in what was seen nothing is
        // "in a row", for blocks may have been produced in it.
        let hole = self.state.seen.is_some_and(|seen| base > seen.plus(1));
        let kept = |record: &&SlotRecord| !hole && record.slot < tip && !log.knows(record.slot, &clock);
        let mut slots: Vec<SlotRecord> = self.state.slots.iter().filter(kept).cloned().collect();
        self.state.seen = Some(tip);
        for (slot, fact) in log.own_slots(&self.config.witness, &clock) {
            let known = self.state.slots.iter().find(|record| record.slot == slot);
            let (outcome, holder) = match fact {
                SlotFact::Produced(key) => (SlotOutcome::Produced, self.holder_of(key)),
                SlotFact::Missed => (SlotOutcome::Missed, self.holder_at(slot, known)),
                SlotFact::ChainWide => (SlotOutcome::ChainWide, self.holder_at(slot, known)),
            };
            slots.push(SlotRecord { slot, time: clock.time(slot), outcome, holder });
        }
        slots.sort_by_key(|record| record.slot);
        let surplus = slots.len().saturating_sub(SLOTS_KEPT);
        self.state.slots = slots.split_off(surplus);
        self.state.tally.count(&self.state.slots);
    }

    /// Who should have produced in a missed slot: whoever held the key then.
    fn holder_at(&self, slot: Slot, known: Option<&SlotRecord>) -> Target {
        if let Some(known) = known.filter(|known| known.outcome != SlotOutcome::Produced) {
            return known.holder.clone();
        }
        match self.state.key {
            None => Target::Foreign,
            Some(record) if record.since.is_none_or(|since| slot >= since) => self.holder_of(record.key),
            Some(record) => record.before.map_or(Target::Foreign, |key| self.holder_of(key)),
        }
    }

    /// Misses since the last block of the present holder, newest last.
    pub(super) fn trailing_misses(&self) -> Vec<&SlotRecord> {
        // With the null key nobody is expected to produce.
        let Some(holder) = self.holder().filter(|holder| *holder != Target::Disabled) else { return Vec::new() };
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default();
        let mut misses: Vec<&SlotRecord> = self
            .state
            .slots
            .iter()
            .rev()
            .filter(|record| record.outcome != SlotOutcome::ChainWide)
            .take_while(|record| {
                record.outcome == SlotOutcome::Missed && record.holder == holder && record.slot >= since
            })
            .collect();
        misses.reverse();
        misses
    }

    /// Whose fault it is.
    pub fn verdict(&self, now: Time, tracker: &Tracker) -> Verdict {
        let view = tracker.view(now);
        match view.agreement {
            Agreement::Blind if tracker.standstill() == Standstill::AllAtTheSameBlock => {
                return Verdict::Chain;
            }
            Agreement::Blind | Agreement::Thin | Agreement::Disagreed => return Verdict::CannotTell,
            Agreement::Agreed | Agreement::Single => {}
        }
        if view.participation < self.config.rails.min_participation {
            return Verdict::Chain;
        }
        // The endpoints were fresh when they were last heard: an old head means that they were not heard lately. And
        // the tracker may know blocks that have not been noted here yet.
        let stale = view.head_age > tracker.config().stale_after;
        if stale || !Self::caught_up(tracker) || self.state.key.is_none() || self.state.seen != Some(view.head_slot) {
            return Verdict::CannotTell;
        }
        if self.trailing_misses().is_empty() { Verdict::Fine } else { Verdict::Me }
    }

    /// Whether as many endpoints as must agree do agree.
    pub(super) fn well(tracker: &Tracker) -> bool {
        matches!(tracker.agreement(), Agreement::Agreed | Agreement::Single)
    }

    /// Whether the blocks up to the head are known, on the head's own branch.
    fn caught_up(tracker: &Tracker) -> bool {
        tracker.log().tip().map(|tip| tip.id) == tracker.head().map(|head| head.id)
    }

    /// Closes what is open about nodes that are no longer in the configuration.
    fn forget_nodes(&mut self, now: Time, out: &mut Vec<Command>) {
        let nodes = self.config.nodes.iter();
        let keep: Vec<AlertKey> = nodes.map(|node| self.part_key(Cause::Node, &node.name)).collect();
        self.resolve_others(now, Cause::Node, &keep, "The node is no longer in the configuration.", out);
    }

    fn say_key_state(&mut self, now: Time, out: &mut Vec<Command>) {
        match self.holder() {
            Some(Target::Foreign) => {
                self.resolve(now, Cause::Disabled, "The witness is enabled, with an unknown key.", out);
                let notice = self.foreign_key();
                self.raise(now, notice, out);
            }
            Some(Target::Disabled) => {
                self.resolve(now, Cause::ForeignKey, "The witness is disabled now.", out);
                let notice = self.disabled(now);
                self.raise(now, notice, out);
            }
            Some(Target::Node(name)) => {
                self.resolve(now, Cause::ForeignKey, &format!("The signing key is that of node {name} now."), out);
                self.resolve(now, Cause::Disabled, &format!("It is enabled, with the key of node {name}."), out);
                if self.has_produced() {
                    let how = format!("Node {name} has produced a block with the new key.");
                    self.resolve(now, Cause::KeyChanged, &how, out);
                }
            }
            None => {}
        }
    }

    /// A chain that runs thin keeps Dogwatch from acting: somebody should know.
    fn say_participation(&mut self, now: Time, tracker: &Tracker, out: &mut Vec<Command>) {
        if !Self::well(tracker) {
            return;
        }
        let (filled, least) = (tracker.view(now).participation, self.config.rails.min_participation);
        if filled < least {
            let notice = self.low_participation(filled);
            self.raise(now, notice, out);
        } else if filled >= least.saturating_add(PARTICIPATION_MARGIN) {
            let how = format!("{filled} of the last 128 slots hold a block.");
            self.resolve(now, Cause::LowParticipation, &how, out);
        }
    }

    fn say_misses(&mut self, now: Time, tracker: &Tracker, out: &mut Vec<Command>) {
        match self.verdict(now, tracker) {
            Verdict::Me => {
                let notice = self.missing(now);
                self.raise(now, notice, out);
            }
            Verdict::Fine => {
                let how = self.missing_over();
                self.resolve(now, Cause::Missing, &how, out);
                if self.state.unproven.is_none() && self.failure_is_over() {
                    self.resolve_switching(
                        now,
                        "It is not needed any more: the witness produces, or somebody else has moved the key.",
                        out,
                    );
                }
            }
            Verdict::Chain | Verdict::CannotTell => {}
        }
    }

    /// Whether the last switch, if it failed, is not needed any more.
    fn failure_is_over(&self) -> bool {
        let Some(last) = self.state.switches.last() else { return true };
        let (failed, slot) = (last.settled_at.unwrap_or(last.at), self.state.slots.last());
        let produced = slot.is_some_and(|slot| slot.outcome == SlotOutcome::Produced && slot.time > failed);
        produced || self.holder() != Some(last.from.clone())
    }

    /// Whether the present holder has signed a block since its key was first seen.
    pub(super) fn has_produced(&self) -> bool {
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default().back(self.round());
        let (holder, mut slots) = (self.holder(), self.state.slots.iter());
        slots.any(|record| {
            record.outcome == SlotOutcome::Produced && record.slot >= since && Some(&record.holder) == holder.as_ref()
        })
    }

    pub(super) fn probed(
        &mut self,
        now: Time,
        tracker: &Tracker,
        node: NodeIndex,
        result: Result<Probe, String>,
        out: &mut Vec<Command>,
    ) {
        let chain_id = self.config.profile.chain_id;
        // In a standstill the endpoints agree as well, on an old block.
        let agreed = Self::well(tracker) || tracker.standstill() == Standstill::AllAtTheSameBlock;
        let log = agreed.then(|| tracker.log());
        let assessed = assess(now, result, chain_id, tracker.config().stale_after, log);
        let damping = self.config.damping;
        let Some(health) = self.health.get_mut(node.0) else { return };
        if !health.note(now, damping, assessed) {
            return;
        }
        let (state, why) = (health.health(), health.unfit().map(ToString::to_string));
        let Some(name) = self.config.nodes.get(node.0).map(|node| node.name.clone()) else { return };
        match state {
            Health::Unhealthy => {
                let notice = self.node_unfit(now, &name, &why.unwrap_or_default());
                self.raise(now, notice, out);
            }
            Health::Healthy => {
                let key = self.part_key(Cause::Node, &name);
                self.resolve_key(now, &key, "Its probes are good again.", out);
            }
            Health::Unknown => {}
        }
        self.ask(now, tracker, out);
    }

    /// How severe a run of misses is: one happens to the best, two in a row do not.
    pub(super) const fn miss_severity(misses: usize) -> Severity {
        if misses < 2 { Severity::Warning } else { Severity::Page }
    }

    fn round(&self) -> u64 {
        u64::from(self.config.profile.round_length)
    }

    pub(super) fn interval(&self) -> Duration {
        self.config.profile.block_interval
    }
}
