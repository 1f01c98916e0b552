//! Moves of the key that blocks show.

use dogwatch_chain::{PublicKey, Slot, Time};

use crate::chain::Tracker;
use crate::switch::KeyRecord;
use crate::watch::key::KeySightings;
use crate::watch::machine::Watch;
use crate::watch::turn::Turn;

impl Watch {
    /// Remembers the moves that blocks show and endpoints do not, since the key has moved on: each is a switch that somebody
    /// made. The last one of them is what they show.
    pub(in crate::watch) fn note_moves(&mut self, turn: &Turn<'_>, shown: PublicKey) {
        let (Some(clock), Some(tip)) = (turn.chain.clock(), turn.chain.log().tip()) else { return };
        let mut moves = self.moves_until(turn.chain, tip.time);
        let base = turn.chain.log().base().map(|base| clock.slot(base.time));
        let hole = self.state.moves_seen.is_some_and(|seen| base.is_some_and(|base| seen.plus(1) < base));
        let last = moves.pop();
        // They show what is pending, or what was.
        if last.is_some_and(|(_, key)| key != shown) {
            return;
        }
        self.state.moves_seen = Some(clock.slot(tip.time));
        if let (Some((since, key)), Some(record)) = (last.filter(|_| hole), self.state.key)
            && key == record.key
        {
            // It may have moved away and back unseen, and what was missed before be another's.
            self.state.key = Some(KeyRecord { since: Some(since), before: None, ..record });
        }
        self.remember_moves(turn, moves);
    }

    /// The moves that blocks up to then show and that are not known yet: the key, and the first slot that it counts in.
    pub(in crate::watch) fn moves_until(&self, tracker: &Tracker, last: Time) -> Vec<(Slot, PublicKey)> {
        let (Some(clock), Some(record), Some(seen)) = (tracker.clock(), self.state.key, self.state.moves_seen) else {
            return Vec::new();
        };
        let changes = tracker.log().key_changes_after(&self.config.witness, clock.time(seen));
        let changes = changes.take_while(|(time, _)| *time <= last).map(|(time, key)| (clock.slot(time).plus(1), key));
        let mut moves: Vec<(Slot, PublicKey)> =
            changes.filter(|(since, _)| record.since.is_none_or(|known| *since > known)).collect();
        moves.dedup_by_key(|(_, key)| *key);
        moves
    }

    /// Remembers moves that somebody else made, one after the other.
    pub(in crate::watch) fn remember_moves(&mut self, turn: &Turn<'_>, moves: Vec<(Slot, PublicKey)>) {
        let before = self.state.key.map(|record| record.key);
        for (since, key) in moves.into_iter().skip_while(|(_, key)| Some(*key) == before) {
            let Some(record) = self.state.key else { return };
            self.remember_elsewhere(turn, self.holder_of(record.key), self.holder_of(key));
            self.state.key = Some(KeyRecord { key, since: Some(since), before: Some(record.key) });
            self.hold_holder();
            let block = Some(since.back(1));
            self.sightings = KeySightings { shown: block, moved_after: block, ..self.sightings };
            self.note_slots(turn.chain);
        }
    }
}
