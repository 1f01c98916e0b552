//! What the misses of one witness prove to another that shares the node, and what they do not.

use super::*;
use crate::situation::{Mode, Verdict};
use crate::testing::{key, name, time};
use crate::watch::event::Event;
use crate::watch::scene::Scene;

const PRIMARY: NodeIndex = NodeIndex(0);

fn numbers(slots: &[SlotRecord]) -> Vec<u64> {
    slots.iter().map(|record| record.slot.0).collect()
}

/// What alice tells of a node: the last slot with a block of hers there, and those that it missed since.
fn tells(scene: &Scene, node: usize) -> (Option<u64>, Vec<u64>) {
    let slots = scene.watch.shared_slots(NodeIndex(node)).unwrap();
    (slots.produced.map(|slot| slot.0), numbers(&slots.missed))
}

/// What another witness tells of node primary, on which alice is.
fn other(witness: &str, produced: Option<u64>, missed: &[u64]) -> SharedSlots {
    let record = |slot: &u64| SlotRecord {
        slot: Slot(*slot),
        time: time(*slot),
        outcome: SlotOutcome::Missed,
        holder: Holder::Node("primary".to_owned()),
    };
    SharedSlots {
        witness: name(witness),
        key: key(77),
        known_from: Some(Slot(90)),
        produced: produced.map(Slot),
        missed: missed.iter().map(record).collect(),
    }
}

fn tell(scene: &mut Scene, slots: SharedSlots) {
    scene.handle(Event::Shared(PRIMARY, Box::new(slots)));
}

/// The verdict, and the misses that the policy is shown.
fn seen(scene: &Scene) -> (Verdict, Vec<u64>) {
    let situation = scene.watch.situation(scene.now(), &scene.tracker);
    let missed = situation.slots.iter().filter(|own| own.outcome == SlotOutcome::Missed);
    let missed: Vec<_> = missed.collect();
    assert!(missed.iter().all(|own| own.holder == Holder::Node(PRIMARY)));
    assert!(situation.slots.is_sorted_by_key(|own| own.slot));
    (situation.verdict, missed.into_iter().map(|own| own.slot.0).collect())
}

/// Alice has produced in slot 110; bob has missed slots 111 and, if it is that late, 116. It is slot 114.
fn shared() -> Scene {
    let mut scene = Scene::new(Mode::Armed);
    scene.absent = ["bob"].into();
    scene.run(6);
    scene
}

#[test]
fn a_miss_of_another_witness_counts_at_once() {
    let mut scene = shared();
    assert_eq!(seen(&scene), (Verdict::Fine, vec![]));
    tell(&mut scene, other("bob", Some(106), &[111]));
    assert_eq!(seen(&scene), (Verdict::Me, vec![111]));
    assert_eq!(scene.watch.first_blamed(&scene.tracker), Some(time(111)));
    // Alice's own next slot is missed too: both count.
    scene.fails = true;
    scene.run(5);
    assert_eq!(seen(&scene), (Verdict::Me, vec![111, 115]));
    tell(&mut scene, other("bob", Some(106), &[111, 116]));
    scene.run(1);
    assert_eq!(seen(&scene), (Verdict::Me, vec![111, 115, 116]));
    // No alert tells of a block that alice has not missed.
    let said = scene.take();
    assert!(said.iter().all(|alert| !alert.summary.contains("2 blocks")), "{said:?}");
}

#[test]
fn it_waits_until_most_witnesses_have_built_on_it() {
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.absent = ["bob"].into();
    for (slot, expected) in [(109, Verdict::Fine), (110, Verdict::Fine), (111, Verdict::Fine), (112, Verdict::Fine)] {
        scene.run(1);
        tell(&mut scene, other("bob", Some(106), if slot < 112 { &[] } else { &[111] }));
        assert_eq!(seen(&scene).0, expected, "slot {slot}");
    }
    scene.run(2);
    assert_eq!(seen(&scene), (Verdict::Me, vec![111]), "three of five");
}

/// A wrong key: bob misses for ever on a node on which alice produces.
#[test]
fn a_block_of_this_witness_ends_it_and_the_same_run_never_counts_again() {
    let mut scene = shared();
    tell(&mut scene, other("bob", Some(106), &[111]));
    assert_eq!(seen(&scene).0, Verdict::Me);
    scene.run(1);
    assert_eq!(seen(&scene), (Verdict::Fine, vec![]), "alice has produced in slot 115");
    for missed in [&[111, 116][..], &[111, 116, 121]] {
        scene.run(5);
        tell(&mut scene, other("bob", Some(106), missed));
        assert_eq!(seen(&scene), (Verdict::Fine, vec![]));
    }
    // Bob has produced there, and misses again.
    scene.absent.clear();
    scene.run(2);
    tell(&mut scene, other("bob", Some(126), &[]));
    assert_eq!(seen(&scene).0, Verdict::Fine);
    scene.absent = ["bob"].into();
    scene.run(7);
    tell(&mut scene, other("bob", Some(126), &[131]));
    assert_eq!(seen(&scene), (Verdict::Me, vec![131]));
}

#[test]
fn a_block_of_a_third_witness_ends_it() {
    let mut scene = shared();
    tell(&mut scene, other("bob", Some(106), &[111]));
    for (produced, verdict) in [(107, Verdict::Me), (112, Verdict::Fine)] {
        tell(&mut scene, other("carol", Some(produced), &[]));
        assert_eq!(seen(&scene).0, verdict, "carol's last block was in slot {produced}");
    }
    // It is in the log, and has not been told yet. In the scene all others sign with that key.
    let mut scene = shared();
    tell(&mut scene, other("bob", Some(106), &[111]));
    let carol = AccountName::new("carol").unwrap();
    tell(&mut scene, SharedSlots { witness: carol, key: key(99), ..other("carol", None, &[]) });
    assert_eq!(seen(&scene), (Verdict::Fine, vec![]));
}

/// The miss is on a branch that has lost, and the other watch has not noticed yet: on the winner bob has produced.
#[test]
fn a_miss_that_a_fork_has_undone_is_none() {
    let mut scene = Scene::new(Mode::Armed);
    scene.run(6);
    for (key, verdict) in [(key(77), Verdict::Me), (key(99), Verdict::Fine)] {
        tell(
            &mut scene,
            SharedSlots { witness: AccountName::new("bob").unwrap(), key, ..other("x", Some(106), &[111]) },
        );
        assert_eq!(seen(&scene).0, verdict);
    }
}

#[test]
fn own_misses_are_not_erased_by_a_block_of_another_witness() {
    let mut scene = Scene::new(Mode::Armed);
    scene.fails = true;
    scene.run(10);
    tell(&mut scene, other("bob", Some(116), &[]));
    assert_eq!(seen(&scene), (Verdict::Me, vec![110, 115]));
}

#[test]
fn only_the_node_on_duty_is_blamed_and_only_since_it_is() {
    let mut scene = shared();
    let missed = |scene: &Scene| {
        let nodes = scene.watch.situation(scene.now(), &scene.tracker).nodes;
        nodes.into_iter().map(|node| node.missed_for_others.map(|slot| slot.0)).collect::<Vec<_>>()
    };
    let standby = NodeIndex(1);
    scene.handle(Event::Shared(standby, Box::new(other("bob", Some(106), &[111]))));
    assert_eq!(seen(&scene), (Verdict::Fine, vec![]));
    assert_eq!(missed(&scene)[..2], [None, Some(111)], "the policy is told what a standby missed");
    scene.handle(Event::Shared(standby, Box::new(other("carol", Some(112), &[]))));
    assert_eq!(missed(&scene)[..2], [None, None], "it has made a block for carol since");
    let mut scene = shared();
    tell(&mut scene, other("bob", Some(106), &[111]));
    scene.watch.state.key.as_mut().unwrap().since = Some(Slot(112));
    assert_eq!(seen(&scene), (Verdict::Fine, vec![]));
}

/// Right after a hole in what was seen: alice may have produced in it.
#[test]
fn what_was_not_seen_proves_nothing() {
    let mut scene = shared();
    scene.watch.state.slots.clear();
    assert!(reaches_back(None, Slot(111), &scene.tracker), "the log does");
    assert!(!reaches_back(None, Slot(90), &scene.tracker));
    assert!(reaches_back(Some(Slot(80)), Slot(90), &scene.tracker));
    tell(&mut scene, other("bob", Some(80), &[90]));
    assert_eq!(seen(&scene).1, [] as [u64; 0]);
}

#[test]
fn a_witness_tells_of_each_node_what_it_missed_there_since_its_block() {
    let mut scene = Scene::new(Mode::Armed);
    assert_eq!((tells(&scene, 0), tells(&scene, 1)), ((Some(105), vec![]), (None, vec![])));
    scene.fails = true;
    scene.run(9);
    assert_eq!(tells(&scene, 0), (Some(105), vec![110, 115]));
    // The key moves on, and the misses stay the dead node's.
    scene.announce(key(2));
    scene.run(6);
    assert_eq!((tells(&scene, 0), tells(&scene, 1)), ((Some(105), vec![110, 115]), (Some(120), vec![])));
    // It comes back: what it misses now is not proven to be the node's doing.
    scene.announce(key(1));
    scene.run(8);
    assert_eq!(tells(&scene, 0), (Some(105), vec![]));
    scene.fails = false;
    scene.run(4);
    assert_eq!(tells(&scene, 0), (Some(135), vec![]));
    assert!(scene.watch.shared_slots(NodeIndex(7)).is_none(), "no such node");
}

#[test]
fn a_halt_is_told_of_nobody() {
    let mut scene = Scene::new(Mode::Armed);
    scene.fails = true;
    scene.absent = ["bob", "carol", "dave", "erin"].into();
    scene.run(20);
    scene.absent.clear();
    scene.fails = false;
    scene.run(3);
    assert_eq!(tells(&scene, 0).1, [] as [u64; 0]);
}
