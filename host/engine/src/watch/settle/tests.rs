//! Switches of which no block can be read.

use super::*;
use crate::decision::Action;
use crate::situation::{NodeIndex, SlotOutcome, Verdict};
use crate::watch::scene::Scene;

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
