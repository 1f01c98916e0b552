//! Taking in what the chain shows of the witness.

use dogwatch_alerts::{AlertKey, Cause};
use dogwatch_chain::{BlockId, BlockNum, PublicKey, Slot, Time};

use crate::chain::{SlotClock, Tracker, WitnessReading};
use crate::config::Probing;
use crate::holder::Holder;
use crate::switch::{KeyRecord, Unproven};
use crate::watch::machine::Watch;
use crate::watch::settle::LAST;
use crate::watch::turn::Turn;

/// Slots in which the blocks up to a head are read, as a rule.
const PATIENCE: u32 = 2;

/// Blocks after which a change of the key that nodes show is in one of them, if it was pending.
const NOT_PENDING: usize = 3;

impl Watch {
    pub(super) fn observed(&mut self, turn: &mut Turn<'_>) {
        // First what became of our own switch, so that its effect is not taken for somebody else's.
        self.settle(turn);
        // One endpoint alone is not believed about keys and blocks, unless it is the only one there is.
        if Self::quorum_agrees(turn.chain) {
            self.health.iter_mut().for_each(|health| health.compare(turn.chain.log()));
            self.note_counter(turn.chain);
            // The own slots before the key as well: who moved it may have had a reason, and misses are one.
            self.note_slots(turn.chain);
            let before = self.state.key;
            self.note_key(turn);
            if self.state.key != before {
                self.note_slots(turn.chain);
            }
            self.note_unseen(turn.chain);
        }
        self.note_key_split(turn.now, turn.chain);
        self.report_key_state(turn);
        self.report_participation(turn);
        self.report_fork(turn);
        self.report_misses(turn);
        self.forget_nodes(turn);
        self.ask(turn);
    }

    /// Notices a change of the key on chain that is not the switch under way.
    fn note_key(&mut self, turn: &mut Turn<'_>) {
        let state = match turn.chain.witness(self.config.tracker_index) {
            WitnessReading::Agreed(state) => state,
            WitnessReading::NoSuchWitness => {
                let notice = self.no_such_witness();
                return self.raise(turn, notice);
            }
            WitnessReading::Unread | WitnessReading::Split(_) => return,
        };
        self.resolve(turn, Cause::NoSuchWitness, "The endpoints now know the witness.");
        let key = state.signing_key;
        let Some(head) = turn.chain.head() else { return };
        // While a switch is under way nodes may show its key before any block holds it; and while its block can still
        // be forked away, or was read a moment after the key, they may show the key from before it. A block that sets that key
        // again proves that somebody has.
        let set_in = turn.chain.log().key_set_in(&self.config.witness, key).map(|block| block.num());
        let returned = |unproven: &Unproven| {
            let young = |block: BlockId| {
                (head.irreversible < block.num() || head.num() <= block.num()) && set_in <= Some(block.num())
            };
            key == unproven.plan.from_key && unproven.block.is_some_and(young)
        };
        if self.state.in_flight.is_some() || self.state.unproven.as_ref().is_some_and(returned) {
            return;
        }
        if self.blocks_may_tell(turn, key) {
            return;
        }
        self.forget_undone_move(turn, key);
        self.note_moves(turn, key);
        if let Some(record) = self.state.key {
            self.note_effect(record, turn.chain);
        }
        // Nodes show a key as soon as it is pending. Unless a block shows the change, it surely counts a round later, and until
        // then no miss is held against it.
        let shown = self.key_counts_since(turn.chain, key);
        let since = Some(shown.unwrap_or(head.slot.plus(self.round())));
        match self.state.key {
            None => {
                // Misses from before the first look are this key's only if it signed a block before them.
                let proven = turn.chain.log().produced_since(&self.config.witness, key, BlockNum(0)).is_some();
                self.state.key =
                    Some(KeyRecord { key, since: since.filter(|_| shown.is_some() || !proven), before: None });
                self.shown_at = Some(head.slot);
            }
            Some(record) if record.key == key => self.shown_at = Some(head.slot),
            Some(record) => {
                let (from, to) = (self.holder_of(record.key), self.holder_of(key));
                let never_counted = record.before == Some(key) && record.since.is_some_and(|since| head.slot < since);
                if never_counted {
                    self.forget_elsewhere(&to, &from);
                } else {
                    self.remember_elsewhere(turn, from.clone(), to.clone());
                }
                self.state.key = Some(KeyRecord { key, since, before: Some(record.key) });
                self.hold_holder();
                self.moved_after = self.shown_at.replace(head.slot);
                self.state.missed_unseen = 0;
                // A foreign key and the null key have alerts of their own.
                if matches!(to, Holder::Node(_)) {
                    let notice = self.key_changed(&from, &to);
                    self.update(turn, notice);
                } else {
                    self.resolve(turn, Cause::KeyChanged, "The signing key has changed again.");
                }
            }
        }
    }

    /// Whether the endpoints show another key than the one on record, and blocks say more of that. Those that set a key are
    /// believed before what endpoints show: that may be pending, undone in a moment by a fork, or old and from a cache.
    fn blocks_may_tell(&mut self, turn: &Turn<'_>, shown: PublicKey) -> bool {
        let Some(record) = self.state.key.filter(|record| record.key != shown) else {
            self.changed_since = None;
            return false;
        };
        let since = *self.changed_since.get_or_insert(turn.now);
        if !Self::caught_up(turn.chain) {
            return turn.now.since(since) < self.config.profile.slots(PATIENCE);
        }
        let (log, witness) = (turn.chain.log(), &self.config.witness);
        let set = log.key_set_in(witness, record.key);
        set.is_some_and(|set| log.signed_after(witness, shown, set.time).is_none())
    }

    /// Remembers the moves that blocks show and endpoints do not, since the key has moved on: each is a switch that somebody
    /// made. The last one of them is what they show.
    fn note_moves(&mut self, turn: &Turn<'_>, shown: PublicKey) {
        let (Some(clock), Some(tip)) = (turn.chain.clock(), turn.chain.log().tip()) else { return };
        let mut moves = self.moves_until(turn.chain, tip.time);
        let base = turn.chain.log().base().map(|base| clock.slot(base.time));
        let hole = self.state.moves_seen.is_some_and(|seen| base.is_some_and(|base| seen.plus(1) < base));
        if let (true, Some((since, key)), Some(record)) = (hole, moves.last(), self.state.key)
            && [*key, shown] == [record.key; 2]
        {
            // It may have moved away and back, and what was missed before be another's.
            self.state.key = Some(KeyRecord { since: Some(*since), before: None, ..record });
        }
        match moves.pop() {
            // They show what is pending, or what was.
            Some((_, last)) if last != shown => return,
            _ => self.state.moves_seen = Some(clock.slot(tip.time)),
        }
        self.remember_moves(turn, moves);
    }

    /// The moves that blocks up to then show and that are not known yet: the key, and the first slot that it counts in.
    pub(super) fn moves_until(&self, tracker: &Tracker, last: Time) -> Vec<(Slot, PublicKey)> {
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
    pub(super) fn remember_moves(&mut self, turn: &Turn<'_>, moves: Vec<(Slot, PublicKey)>) {
        let before = self.state.key.map(|record| record.key);
        for (since, key) in moves.into_iter().skip_while(|(_, key)| Some(*key) == before) {
            let Some(record) = self.state.key else { return };
            self.remember_elsewhere(turn, self.holder_of(record.key), self.holder_of(key));
            self.state.key = Some(KeyRecord { key, since: Some(since), before: Some(record.key) });
            self.hold_holder();
            self.shown_at = Some(since.back(1));
            self.moved_after = self.shown_at;
            self.note_slots(turn.chain);
        }
    }

    /// The slot from which on the key counts, if a block shows that: it sets the key, or is signed with it.
    fn key_counts_since(&self, tracker: &Tracker, key: PublicKey) -> Option<Slot> {
        let (log, witness, clock) = (tracker.log(), &self.config.witness, tracker.clock()?);
        let set = log.key_set_in(witness, key).map(|block| clock.slot(block.time).plus(1));
        set.or_else(|| Some(clock.slot(log.signed_since_change(witness, key)?.time)))
    }

    /// The endpoints show another key, and this branch does not hold the last move: it never got into a block, or a fork undid
    /// it. What was missed before it counts on.
    fn forget_undone_move(&mut self, turn: &mut Turn<'_>, shown: PublicKey) {
        let Some(record) = self.state.key.filter(|record| record.key != shown) else { return };
        let Some(before) = record.before else { return };
        let (from, to) = (self.holder_of(before), self.holder_of(record.key));
        if !self.lost_its_block(turn.chain, &from, &to) && !self.never_held(turn.chain, record) {
            return;
        }
        self.give_back(&to, &from, LAST);
        self.state.key = Some(KeyRecord { key: before, since: None, before: None });
        self.shown_at = self.moved_after.take();
        self.revive_overtaken(turn);
        let notice = match self.forget_last_move(&from, &to).and_then(|record| record.block) {
            Some(_) => self.undone_by_fork(&to, &from),
            None => self.move_came_to_nothing(&to, &from),
        };
        self.update(turn, notice);
    }

    /// Whether the last holder never had the key on this branch: the blocks from a round before the move until now are all there,
    /// and none gives it the key or is signed with it.
    fn never_held(&self, tracker: &Tracker, last: KeyRecord) -> bool {
        let (Some(after), Some(clock)) = (self.moved_after, tracker.clock()) else { return false };
        let (log, witness) = (tracker.log(), &self.config.witness);
        let begin = clock.time(after.back(self.round()));
        Self::caught_up(tracker)
            && log.base().is_some_and(|base| base.time <= begin)
            && log.first_after(begin).is_some_and(|first| log.is_whole_from(first.num()))
            && log.key_changes_after(witness, begin).all(|(_, key)| key != last.key)
            && log.signed_after(witness, last.key, begin).is_none()
    }

    /// A block that sets the key, or that the key signed since it was first seen, shows from when on it counts, before a
    /// round has passed.
    fn note_effect(&mut self, record: KeyRecord, tracker: &Tracker) {
        let (Some(surely), Some(clock), Some(head)) = (record.since, tracker.clock(), tracker.head()) else { return };
        if head.slot >= surely {
            return;
        }
        let seen = clock.time(surely.back(self.round()));
        let signed = || tracker.log().signed_after(&self.config.witness, record.key, seen);
        let since = self.key_counts_since(tracker, record.key).or_else(|| Some(clock.slot(signed()?.time)));
        if let Some(since) = since {
            self.state.key = Some(KeyRecord { since: Some(since), ..record });
        } else if let Some(base) = self.held_since_base(tracker, &clock, seen) {
            self.state.key = Some(KeyRecord { since: Some(base), ..record });
        }
        self.hold_holder();
    }

    /// Holds the present holder to what was missed since its key counts, if that was not known then.
    fn hold_holder(&mut self) {
        let Some(record) = self.state.key else { return };
        let Some(since) = record.since else { return };
        let before = record.before.map_or(Holder::Foreign, |key| self.holder_of(key));
        self.hold_to(&before, &self.holder_of(record.key), since..LAST);
    }

    /// The slot of the oldest known block, if the key moved before it: nobody saw the move, no block since then holds it, and
    /// with so many blocks since it was first seen it is not pending.
    fn held_since_base(&self, tracker: &Tracker, clock: &SlotClock, seen: Time) -> Option<Slot> {
        let log = tracker.log();
        let base = log.base().filter(|base| log.is_whole_from(base.num()) && Self::caught_up(tracker))?;
        let still = log.key_changes_after(&self.config.witness, Time::default()).next().is_none();
        let slot = clock.slot(base.time);
        let unseen = self.moved_after.is_none_or(|after| after < slot);
        (still && unseen && log.blocks_after(seen) >= NOT_PENDING).then_some(slot)
    }

    /// Closes the alerts about nodes that nobody probes any more.
    fn forget_nodes(&mut self, turn: &mut Turn<'_>) {
        let nodes = self.config.nodes.iter().filter(|node| node.probing == Probing::Probed);
        let keep: Vec<AlertKey> = nodes.map(|node| self.part_key(Cause::Node, &node.name)).collect();
        self.resolve_others(
            turn,
            Cause::Node,
            &keep,
            "The node is no longer in the configuration, or has no probe any more.",
        );
    }
}

#[cfg(test)]
mod tests {
    use dogwatch_chain::Slot;

    use crate::holder::Holder;
    use crate::rails::Refusal;
    use crate::situation::Mode;
    use crate::testing::key;
    use crate::watch::scene::Scene;

    fn since(scene: &Scene) -> Option<u64> {
        scene.watch.state.key.unwrap().since.map(|Slot(slot)| slot)
    }

    /// Nobody knows which block holds a change until a round has passed, or the key has signed one.
    #[test]
    fn a_key_counts_once_it_has_signed_a_block() {
        // First seen in slot 101; alice's own slots are 105, 110 and so on.
        let mut scene = Scene::new(Mode::Armed);
        assert_eq!(since(&scene), Some(101), "no block that is known has set it");
        scene.wallet(key(2));
        scene.run(1);
        assert_eq!(since(&scene), Some(114), "a round from slot 109 on");
        scene.run(1);
        assert_eq!(since(&scene), Some(110));
        // Shown moved away and back, in no block: it never left.
        scene.wallet(key(3));
        scene.run(1);
        scene.wallet(key(2));
        scene.run(1);
        assert_eq!(since(&scene), None);
        scene.run(4);
        // A block shows the change: to Dogwatch before the nodes do, or after.
        scene.announce(key(3));
        scene.run(1);
        assert_eq!((since(&scene), scene.watch.state.key.unwrap().key), (Some(118), key(3)));
        scene.run(1);
        // Nodes show another key than the last block that sets one: the next blocks tell.
        scene.wallet(key(2));
        scene.run(1);
        assert_eq!(since(&scene), Some(118));
        scene.announce(key(2));
        scene.run(1);
        assert_eq!(since(&scene), Some(121));
        // That block loses, and with it what it showed.
        scene.rewrite_keeping(1, key(2));
        scene.run(1);
        assert_eq!(since(&scene), Some(120), "its own block of that slot is signed with it");
    }

    /// The endpoints answer from a cache, and show the key from before the block that set another one.
    #[test]
    fn a_block_that_sets_a_key_is_believed_before_what_endpoints_show() {
        let mut scene = Scene::new(Mode::Armed);
        scene.announce(key(2));
        scene.run(1);
        scene.fails = true;
        scene.wallet(key(1));
        scene.run(20);
        assert_eq!(scene.watch.state.key.map(|record| record.key), Some(key(2)));
        let obstacles = scene.watch.obstacles(scene.now(), &scene.tracker, &Holder::Node("third".to_owned()));
        assert!(obstacles.contains(&Refusal::LastingKeySplit), "{obstacles:?}");
    }

    /// Moved twice while nobody looked.
    #[test]
    fn each_move_that_blocks_show_is_a_switch() {
        let made = |scene: &Scene| -> Vec<(String, String)> {
            let switches = scene.watch.state.switches.iter();
            switches.map(|made| (made.from.to_string(), made.to.to_string())).collect()
        };
        for last in [3, 1] {
            let mut scene = Scene::new(Mode::Armed);
            scene.silent = true;
            scene.announce(key(2));
            scene.run(3);
            scene.announce(key(last));
            scene.run(2);
            scene.silent = false;
            scene.run(1);
            let third = if last == 3 { "third" } else { "primary" };
            let expected = [("primary", "second"), ("second", third)].map(|(a, b)| (a.to_owned(), b.to_owned()));
            assert_eq!(made(&scene), expected);
            assert_eq!(since(&scene), Some(113));
            scene.run(20);
            assert_eq!(made(&scene), expected, "once");
        }
    }
}
