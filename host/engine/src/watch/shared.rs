//! What the slots of other witnesses tell of a node that they share with this one.
//!
//! A miss there is evidence against the node for all of its witnesses, unless it is the other witness's own trouble, such as a
//! wrong key: then it misses for ever, while the others produce. So its misses count for others only if it has produced on that
//! node itself right before them, and only until the node has made a block for any of its witnesses.

use dogwatch_chain::{AccountName, PublicKey, Slot, Time};

use crate::chain::{Majority, Tracker};
use crate::holder::Holder;
use crate::situation::{NodeIndex, SlotOutcome};
use crate::slots::SlotRecord;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

/// What a witness's own slots tell of a node that it shares with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSlots {
    /// The witness.
    pub witness: AccountName,
    /// Its key on that node.
    pub key: PublicKey,
    /// The oldest of its slots that is known.
    pub known_from: Option<Slot>,
    /// The last one in which the node made its block.
    pub produced: Option<Slot>,
    /// Those that the node has missed since, oldest first; none unless it made the block right before them.
    pub missed: Vec<SlotRecord>,
}

impl Watch {
    /// What this witness's slots tell the others that share one of its nodes.
    pub fn shared_slots(&self, node: NodeIndex) -> Option<SharedSlots> {
        let node = self.config.nodes.get(node.0)?;
        let there = Holder::Node(node.name.clone());
        let known = self.state.slots.iter().rev().filter(|record| record.outcome != SlotOutcome::ChainWide);
        let is = |record: &SlotRecord, outcome| record.outcome == outcome && record.holder == there;
        let produced = known.clone().find(|record| is(record, SlotOutcome::Produced)).map(|record| record.slot);
        // The key may have moved on since.
        let mut last = known.skip_while(|record| record.holder != there);
        let missed = last.clone().take_while(|record| is(record, SlotOutcome::Missed));
        let mut missed: Vec<SlotRecord> = missed.cloned().collect();
        if !last.nth(missed.len()).is_some_and(|record| is(record, SlotOutcome::Produced)) {
            missed.clear();
        }
        missed.reverse();
        Some(SharedSlots {
            witness: self.config.witness.clone(),
            key: node.key,
            known_from: self.state.slots.first().map(|record| record.slot),
            produced,
            missed,
        })
    }

    /// Takes in what another witness's slots tell of a node.
    pub(super) fn told(&mut self, turn: &mut Turn<'_>, node: NodeIndex, slots: SharedSlots) {
        let missed = slots.missed.clone();
        let before = self.shared.insert((node, slots.witness.clone()), slots);
        let news = before.map(|before| before.missed).unwrap_or_default() != missed;
        let on_duty = self.config.nodes.get(node.0).is_some_and(|node| self.holder_is(&node.name));
        if news && on_duty {
            self.ask(turn);
        }
    }

    fn holder_is(&self, node: &str) -> bool {
        matches!(self.holder(), Some(Holder::Node(name)) if name == node)
    }

    /// The misses of other witnesses that count against the node on duty for this one, oldest first.
    pub(super) fn shared_misses(&self, tracker: &Tracker) -> Vec<&SlotRecord> {
        let Some(Holder::Node(name)) = &self.holder() else { return Vec::new() };
        let Some(node) = self.node_index(name) else { return Vec::new() };
        let since = self.state.key.and_then(|record| record.since).unwrap_or_default();
        let mut misses = self.missed_for_others(node, tracker);
        misses.retain(|miss| miss.slot >= since);
        misses
    }

    /// The misses of other witnesses that count against a node, oldest first: most witnesses have built on them, and the node
    /// has made no block since, for nobody.
    pub(super) fn missed_for_others(&self, node: NodeIndex, tracker: &Tracker) -> Vec<&SlotRecord> {
        let Some(there) = self.config.nodes.get(node.0).map(|node| Holder::Node(node.name.clone())) else {
            return Vec::new();
        };
        let told = || self.shared.iter().filter(|((place, _), _)| *place == node).map(|(_, slots)| slots);
        let counts = |miss: &&SlotRecord| tracker.majority_after(miss.slot) == Majority::Built;
        let mut misses: Vec<&SlotRecord> = Vec::new();
        for missed in told().map(|slots| &slots.missed) {
            let Some(first) = missed.first() else { continue };
            let silent = |slots: &SharedSlots| slots.is_silent_since(first, tracker);
            if self.is_silent_since(&there, first, tracker) && told().all(silent) {
                misses.extend(missed.iter().filter(counts));
            }
        }
        misses.sort_by_key(|miss| miss.slot);
        misses
    }

    /// Whether it is known that this witness has made no block on the node since that miss.
    fn is_silent_since(&self, holder: &Holder, miss: &SlotRecord, tracker: &Tracker) -> bool {
        let known_from = self.state.slots.first().map(|record| record.slot);
        let made = |record: &SlotRecord| record.outcome == SlotOutcome::Produced && record.holder == *holder;
        reaches_back(known_from, miss.slot, tracker)
            && !self.state.slots.iter().any(|record| record.slot > miss.slot && made(record))
    }

    /// When the first of the misses was that count against the node on duty.
    pub(super) fn first_blamed(&self, tracker: &Tracker) -> Option<Time> {
        let own = self.trailing_misses().first().map(|miss| miss.time);
        let shared = self.shared_misses(tracker).first().map(|miss| miss.time);
        own.into_iter().chain(shared).min()
    }
}

impl SharedSlots {
    /// Whether it is known that the witness has made no block on the node since that miss.
    fn is_silent_since(&self, miss: &SlotRecord, tracker: &Tracker) -> bool {
        reaches_back(self.known_from, miss.slot, tracker)
            && self.produced.is_none_or(|produced| produced < miss.slot)
            // Its newest block may not have been told yet, and on another branch it may have made that one.
            && !tracker.log().made_since(&self.witness, self.key, miss.time)
    }
}

/// Whether all that came after that slot is known of a witness whose oldest known slot that is: nothing is, right after a hole in
/// what was seen.
fn reaches_back(known_from: Option<Slot>, slot: Slot, tracker: &Tracker) -> bool {
    let base = tracker.clock().zip(tracker.log().base()).map(|(clock, base)| clock.slot(base.time));
    known_from.into_iter().chain(base).min().is_some_and(|from| from <= slot)
}

#[cfg(test)]
mod tests;
