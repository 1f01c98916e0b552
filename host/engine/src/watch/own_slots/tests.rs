//! Which misses are known, told to the policy, and left behind on another branch.

use dogwatch_alerts::{AlertEvent, Cause};

use super::*;
use crate::situation::{Mode, Verdict};
use crate::watch::scene::Scene;

fn outcomes(slots: impl IntoIterator<Item = (Slot, SlotOutcome)>) -> Vec<(u64, SlotOutcome)> {
    slots.into_iter().map(|(slot, outcome)| (slot.0, outcome)).collect()
}

fn recorded(scene: &Scene) -> Vec<(u64, SlotOutcome)> {
    outcomes(scene.watch.state.slots.iter().map(|record| (record.slot, record.outcome)))
}

fn told(scene: &Scene) -> Vec<(u64, SlotOutcome)> {
    let situation = scene.watch.situation(scene.now(), &scene.tracker);
    outcomes(situation.slots.iter().map(|own| (own.slot, own.outcome)))
}

/// The texts about misses.
fn pages(scene: &mut Scene) -> Vec<(AlertEvent, String)> {
    let about = scene.take().into_iter().filter(|alert| alert.key.cause == Cause::Missing);
    about.map(|alert| (alert.event, alert.details)).collect()
}

#[test]
fn policies_see_a_miss_once_most_witnesses_have_built_on_it() {
    use SlotOutcome::{Missed, Produced};
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.fails = true;
    scene.run(4);
    assert_eq!(recorded(&scene), [(105, Produced), (110, Missed)]);
    assert_eq!(told(&scene), [(105, Produced)], "carol has built on it, and dave may be elsewhere");
    scene.run(1);
    assert_eq!(told(&scene), [(105, Produced), (110, Missed)]);
    scene.run(4);
    assert_eq!(recorded(&scene).last(), Some(&(115, Missed)));
    assert_eq!(told(&scene), [(105, Produced), (110, Missed)], "the second one must wait, too");
    // A block ends the wait: nothing is hidden that is no longer held against anybody.
    scene.fails = false;
    scene.run(3);
    assert_eq!(told(&scene), recorded(&scene));
}

#[test]
fn what_was_missed_unseen_is_counted() {
    for reboots in [false, true] {
        let mut scene = Scene::new(Mode::Armed);
        scene.fails = true;
        scene.silent = true;
        // Slots 110 to 135: six of alice's.
        scene.run(29);
        if reboots {
            scene.reboot();
        }
        scene.silent = false;
        scene.take();
        scene.run(2);
        let seen = scene.watch.misses_of_anybody().len();
        assert_eq!(
            (scene.watch.missed_in_a_row(), scene.watch.state.missed_unseen),
            (6, 6 - u32::try_from(seen).unwrap())
        );
        scene.run(3);
        let pages = pages(&mut scene);
        assert!(
            pages.iter().any(|(_, details)| details.to_lowercase().contains("while dogwatch could not see the chain")),
            "{pages:?}"
        );
        // It produces: that was all.
        scene.fails = false;
        scene.run(5);
        assert_eq!(scene.watch.missed_in_a_row(), 0);
        assert_eq!(self::pages(&mut scene).last().map(|(event, _)| *event), Some(AlertEvent::Resolved));
    }
}

/// The counter jumps for everybody after a halt.
#[test]
fn a_halt_is_no_unseen_miss() {
    let mut scene = Scene::new(Mode::Armed);
    scene.fails = true;
    scene.absent = ["bob", "carol", "dave", "erin"].into();
    scene.run(40);
    scene.absent.clear();
    scene.fails = false;
    scene.run(4);
    assert_eq!((scene.watch.state.missed_unseen, scene.watch.missed_in_a_row()), (0, 0));
    assert_eq!(pages(&mut scene), []);
}

/// An outage longer than the log: each miss was seen, and is counted once. Of a disabled witness nobody expects a block.
#[test]
fn misses_that_left_the_log_were_seen() {
    let mut scene = Scene::new(Mode::Armed);
    scene.fails = true;
    scene.run(122);
    assert_eq!((scene.watch.missed_in_a_row(), scene.watch.state.missed_unseen), (24, 0));
    let mut scene = Scene::new(Mode::Armed);
    scene.wallet(dogwatch_chain::PublicKey::NULL);
    scene.run(150);
    assert_eq!(scene.watch.state.missed_unseen, 0);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Fine);
}

/// Nothing was missed while nobody looked: the counter says so.
#[test]
fn a_hole_without_misses_is_no_trouble() {
    let mut scene = Scene::new(Mode::Armed);
    scene.silent = true;
    scene.run(40);
    scene.silent = false;
    scene.run(8);
    assert_eq!(scene.watch.state.missed_unseen, 0);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Fine);
}

/// The miss is on a branch that loses: on the winner alice has produced.
#[test]
fn a_miss_leaves_with_its_branch() {
    use SlotOutcome::{Missed, Produced};
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.fails = true;
    scene.run(5);
    assert_eq!(recorded(&scene), [(105, Produced), (110, Missed)]);
    // Three blocks lose to one, and the next: slots 111 to 113 stay empty, and it was a miss as before.
    scene.fails = false;
    for _ in 0..3 {
        scene.fork();
    }
    scene.run(1);
    let tip = scene.tracker.log().tip().unwrap().clone();
    let gap = scene.tracker.log().own_slots(&scene.watch.config.witness, &scene.tracker.clock().unwrap());
    assert_eq!(gap.last(), Some(&(Slot(110), SlotFact::ChainWide)), "{tip:?}");
    assert_eq!(recorded(&scene), [(105, Produced), (110, SlotOutcome::ChainWide)]);
    assert_eq!(scene.watch.missed_in_a_row(), 0);
}

/// A block of a branch that loses is no block: what the records have of it goes with it.
#[test]
fn a_block_leaves_with_its_branch() {
    use SlotOutcome::Produced;
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.run(2);
    assert_eq!(recorded(&scene), [(105, Produced), (110, Produced)]);
    scene.fork();
    scene.run(1);
    assert_eq!(recorded(&scene), [(105, Produced), (110, SlotOutcome::Missed)]);
    // What is irreversible stays, whatever becomes of the log.
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1;
    scene.run(4);
    scene.reboot();
    scene.fork();
    scene.run(1);
    assert_eq!(recorded(&scene), [(105, Produced), (110, Produced)]);
}

/// A fork deeper than a log that began with the last restart: all that was recorded below is of the branch that was left.
#[test]
fn records_that_the_log_does_not_reach_leave_too() {
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.run(64);
    scene.reboot();
    scene.run(1);
    assert_eq!(recorded(&scene).first(), Some(&(105, SlotOutcome::Produced)));
    scene.rewrite(60);
    scene.run(1);
    // What is left was read from the winner.
    assert_eq!(recorded(&scene).first(), Some(&(155, SlotOutcome::Produced)));
    // That was that: later records stay as long as there is room for them.
    scene.run(150);
    assert_eq!(recorded(&scene).first(), Some(&(155, SlotOutcome::Produced)));
}
