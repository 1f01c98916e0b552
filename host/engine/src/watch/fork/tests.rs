//! When the alert about a minority fork begins and ends.

use dogwatch_alerts::{AlertEvent, Severity};

use super::*;
use crate::situation::{Mode, Verdict};
use crate::watch::scene::Scene;

/// What was said about a fork.
fn said(scene: &mut Scene) -> Vec<AlertEvent> {
    let about: Vec<_> = scene.take().into_iter().filter(|alert| alert.key.cause == Cause::MinorityFork).collect();
    assert!(about.iter().all(|alert| alert.severity == Severity::Page), "{about:?}");
    about.into_iter().map(|alert| alert.event).collect()
}

#[test]
fn a_node_well_above_the_endpoints() {
    let mut scene = Scene::new(Mode::Armed);
    scene.ahead = Some(("third", 3));
    scene.run(20);
    assert_eq!(said(&mut scene), [], "together");
    scene.ahead = Some(("third", 4));
    scene.run(3);
    assert_eq!(said(&mut scene), [], "it may be a moment");
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Fine);
    scene.run(1);
    assert_eq!(said(&mut scene), [AlertEvent::Opened]);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::CannotTell, "no longer fine");
    // The probe fails: what it said before is no longer held against the endpoints.
    scene.ahead = Some(("third", 9));
    scene.run(1);
    scene.unfit = ["third"].into();
    scene.run(5);
    assert_eq!(said(&mut scene), [], "it must stay away for a round");
    scene.run(1);
    assert_eq!(said(&mut scene), [AlertEvent::Resolved]);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Fine);
}

/// Most witnesses are missing all the time, and now and then a node is seen above the endpoints.
#[test]
fn one_sign_takes_over_from_another() {
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.absent = ["bob", "carol", "dave"].into();
    scene.run(9);
    assert_eq!(said(&mut scene), []);
    for _ in 0..5 {
        scene.ahead = Some(("third", 9));
        scene.run(1);
        scene.ahead = None;
        scene.run(1);
    }
    assert_eq!(said(&mut scene), [AlertEvent::Opened]);
}

#[test]
fn a_moment_is_no_fork() {
    let mut scene = Scene::new(Mode::Armed);
    for _ in 0..10 {
        scene.ahead = Some(("third", 9));
        scene.run(3);
        scene.ahead = None;
        scene.run(1);
    }
    assert_eq!(said(&mut scene), []);
}

#[test]
fn all_endpoints_stand_still_and_a_node_goes_on() {
    let mut scene = Scene::new(Mode::Armed);
    scene.stand_still(true);
    scene.run(15);
    assert_eq!(said(&mut scene), [], "nobody goes on: the chain has halted");
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Chain);
    scene.ahead = Some(("second", 15));
    scene.run(4);
    assert_eq!(said(&mut scene), [AlertEvent::Opened]);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::CannotTell);
    // Blind is not over.
    scene.silent = true;
    scene.ahead = None;
    scene.run(5);
    assert_eq!(said(&mut scene), []);
    scene.silent = false;
    scene.stand_still(false);
    scene.run(8);
    assert_eq!(said(&mut scene), [AlertEvent::Resolved]);
}

/// Alice and erin go on alone, on a branch on which nothing becomes irreversible.
#[test]
fn no_majority() {
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.absent = ["bob", "carol", "dave"].into();
    // A round until the blocks of the others are too old, and a round of patience.
    scene.run(10);
    assert_eq!(said(&mut scene), []);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::CannotTell, "it holds before it is said");
    scene.run(10);
    assert_eq!(said(&mut scene), [AlertEvent::Opened]);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::CannotTell);
    scene.reboot();
    scene.run(12);
    assert!(!said(&mut scene).contains(&AlertEvent::Resolved), "a restart ends nothing");
    scene.absent.clear();
    scene.run(8);
    assert_eq!(said(&mut scene), [AlertEvent::Resolved]);
    assert_eq!(scene.watch.verdict(scene.now(), &scene.tracker), Verdict::Fine);
    // Three of five are enough.
    scene.absent = ["bob", "carol"].into();
    scene.run(40);
    assert_eq!(said(&mut scene), []);
}
