//! What is remembered of moves of the key, what a fork makes of them, and switches of which no block can be read.

use dogwatch_alerts::AlertEvent;

use super::*;
use crate::decision::Action;
use crate::situation::{NodeIndex, Verdict};
use crate::switch::MoveCause;
use crate::testing::key;
use crate::watch::scene::Scene;

/// Somebody else moves the key to node second; what Dogwatch remembers of that.
fn remembered(happens: impl Fn(&mut Scene)) -> (MoveCause, String) {
    let mut scene = Scene::new(Mode::Armed);
    happens(&mut scene);
    scene.shown = None;
    scene.run(2);
    let [record] = scene.watch.state.switches.as_slice() else { panic!("{:?}", scene.watch.state.switches) };
    assert_eq!(record.origin, Origin::Elsewhere);
    (record.cause(), record.reason.clone())
}

#[test]
fn why_somebody_else_moved_the_key() {
    let planned = remembered(|scene| scene.wallet(key(2)));
    assert_eq!(planned, (MoveCause::Planned, "made elsewhere, while primary missed no slot".to_owned()));
    let after_misses = (MoveCause::Failure, "made elsewhere, after primary missed 2 slots in a row".to_owned());
    let down = |scene: &mut Scene| {
        scene.fails = true;
        scene.run(11);
    };
    let after = remembered(|scene| {
        down(scene);
        scene.wallet(key(2));
    });
    assert_eq!(after, after_misses);
    // The endpoints did not agree on the key until second had produced.
    let late = remembered(|scene| {
        down(scene);
        scene.shown = Some(key(5));
        scene.wallet(key(2));
        scene.run(7);
    });
    assert_eq!(late, after_misses);
    let unseen = remembered(|scene| {
        (scene.fails, scene.silent) = (true, true);
        scene.run(20);
        scene.wallet(key(2));
        scene.silent = false;
    });
    assert_eq!(unseen.0, MoveCause::Failure, "{}", unseen.1);
}

/// A switch to second that is in a block and proven; then a branch wins that holds neither.
fn undone(final_after: u32, passed: u8) -> Scene {
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = final_after;
    scene.fails = true;
    scene.run(12);
    scene.decide(Action::SwitchTo(NodeIndex(1)), "two misses in a row");
    scene.include();
    scene.run(passed.into());
    assert!(scene.watch.state.switches[0].proof.is_some());
    scene.take();
    scene.rewrite(usize::from(passed) + 1);
    scene.run(2);
    let state = &scene.watch.state;
    assert_eq!(state.switches, [], "it was none");
    assert_eq!(state.key.map(|record| (record.key, record.since)), Some((key(1), None)), "it never left");
    scene
}

fn told(scene: &mut Scene, cause: Cause) -> Vec<(AlertEvent, String)> {
    let said = scene.take().into_iter().filter(|alert| alert.key.cause == cause);
    said.map(|alert| (alert.event, alert.summary)).collect()
}

#[test]
fn a_proven_switch_that_a_fork_undoes_is_under_way_again() {
    let mut scene = undone(1000, 5);
    let again = "alice: a fork undid the switch to node second: Dogwatch sends it again".to_owned();
    let sent = scene.watch.state.in_flight.clone().unwrap();
    assert_eq!(told(&mut scene, Cause::Switching), [(AlertEvent::Opened, again)]);
    // The same one gets into a block of this branch.
    scene.include();
    scene.run(6);
    let made = &scene.watch.state.switches;
    assert_eq!(made.iter().map(|made| made.at).collect::<Vec<_>>(), [sent.plan.at]);
    assert!(made[0].proof.is_some() && scene.watch.state.reversible.is_some());
    // What is irreversible is done with.
    scene.final_after = 1;
    scene.run(1);
    assert_eq!(scene.watch.state.reversible, None);
}

/// No branch should win that lacks an irreversible block, and yet.
#[test]
fn an_irreversible_switch_that_a_fork_undoes_is_forgotten_and_told() {
    let mut scene = undone(1, 12);
    assert_eq!(scene.watch.state.in_flight, None);
    let told = told(&mut scene, Cause::KeyChanged);
    assert_eq!(told[0], (AlertEvent::Opened, "alice: a fork undid the switch to node second".to_owned()));
}

/// Somebody else was first, and a fork takes that back: the chain may still take the switch.
#[test]
fn a_switch_that_was_overtaken_by_an_undone_move_is_under_way_again() {
    let mut scene = Scene::new(Mode::Armed);
    scene.fails = true;
    scene.run(12);
    scene.decide(Action::SwitchTo(NodeIndex(1)), "two misses in a row");
    let plan = scene.plan();
    scene.announce(key(2));
    scene.run(5);
    let outcomes = |scene: &Scene| scene.watch.state.switches.iter().map(|made| made.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&scene), [SwitchOutcome::Overtaken, SwitchOutcome::Applied]);
    assert_eq!(scene.watch.state.in_flight, None);
    scene.rewrite(6);
    scene.run(1);
    assert_eq!(scene.watch.state.in_flight.as_ref().map(|flight| &flight.plan), Some(&plan));
    assert_eq!(outcomes(&scene), []);
    // It is settled like any other.
    scene.run(12);
    assert_eq!(outcomes(&scene), [SwitchOutcome::Failed]);
}

/// Headers show misses and blocks of the witness. Neither the switch nor its proof is in them: whether it took effect is
/// known from the key, once it can no longer be pending.
#[test]
fn a_switch_among_headers_is_settled_by_the_key_and_never_proven() {
    let mut scene = Scene::new(Mode::Armed);
    scene.headers_only = true;
    scene.run(5);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Fine);
    scene.fails = true;
    scene.run(10);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Me);
    scene.decide(Action::SwitchTo(NodeIndex(1)), "two misses in a row");
    scene.include();
    scene.run(6);
    assert!(scene.watch.state.in_flight.is_some(), "no header tells whether it is in a block");
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Fine, "the witness produces again");
    let last = scene.watch.state.slots.last().unwrap();
    assert_eq!((last.outcome, &last.holder), (SlotOutcome::Produced, &Holder::Node("second".to_owned())));
    scene.run(14);
    assert!(scene.watch.state.in_flight.is_none());
    let record = scene.watch.state.switches.last().unwrap();
    assert_eq!((record.outcome, record.block, record.proof), (SwitchOutcome::Applied, None, None));
    assert!(scene.watch.state.unproven.is_some(), "a header is no proof");

    scene.headers_only = false;
    scene.run(5);
    assert!(scene.watch.state.unproven.is_none());
    assert!(scene.watch.state.switches.last().unwrap().proof.is_some());
}

/// A block that could hold the switch was read as a header: that no known block holds it says nothing.
#[test]
fn a_switch_that_may_be_in_an_unread_block_was_not_overtaken() {
    let mut scene = Scene::new(Mode::Armed);
    scene.fails = true;
    scene.run(12);
    scene.decide(Action::SwitchTo(NodeIndex(1)), "two misses in a row");
    scene.include();
    scene.headers_only = true;
    scene.run(2);
    scene.headers_only = false;
    scene.run(20);
    assert_eq!(scene.watch.state.switches.last().unwrap().outcome, SwitchOutcome::Applied);
}

/// One block holds the switch and a wallet's move after it, and loses: both are undone, and the misses count as before.
#[test]
fn a_fork_that_undoes_a_switch_and_the_move_after_it_gives_back_the_misses() {
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.fails = true;
    scene.run(17);
    let missed = scene.watch.trailing_misses().len();
    scene.decide(Action::SwitchTo(NodeIndex(1)), "two misses in a row");
    scene.include();
    scene.announce(key(3));
    scene.run(1);
    assert_eq!(scene.watch.state.key.map(|record| record.key), Some(key(3)));
    let made: Vec<String> = scene.watch.state.switches.iter().map(|made| made.to.to_string()).collect();
    assert_eq!(made, ["second", "third"], "each move once");
    scene.fork();
    scene.run(3);
    assert_eq!(scene.watch.state.key.map(|record| record.key), Some(key(1)));
    assert!(
        scene.watch.trailing_misses().len() >= missed,
        "{:#?} {:?}",
        scene.watch.state.slots,
        scene.watch.state.key
    );
}
