//! When the key goes back, and when it does not.

use std::time::Duration;

use crate::config::Failback;
use crate::decision::Action;
use crate::holder::Holder;
use crate::situation::{Mode, NodeIndex};
use crate::switch::Origin;
use crate::watch::event::{Event, Force};
use crate::watch::scene::Scene;

/// Node primary failed, and node second has stood in for it since. The key goes back after a minute: 20 slots.
fn failed_over() -> Scene {
    let mut scene = Scene::new(Mode::Armed);
    scene.watch.config.failback = Failback::After(Duration::from_mins(1));
    scene.fails = true;
    scene.unfit = ["primary"].into();
    scene.run(10);
    scene.decide(Action::SwitchTo(NodeIndex(1)), "it is dead");
    scene.include();
    scene.run(10);
    assert!(scene.watch.state.unproven.is_none() && holder(&scene) == "second", "second stands in");
    scene.take();
    scene
}

fn repair(scene: &mut Scene) {
    scene.fails = false;
    scene.unfit.clear();
}

fn holder(scene: &Scene) -> String {
    match scene.watch.holder() {
        Some(Holder::Node(name)) => name,
        other => panic!("{other:?}"),
    }
}

/// Slots until a switch is under way, if one is within so many.
fn slots_until_switch(scene: &mut Scene, most: u64) -> Option<u64> {
    (1..=most).find(|_| {
        scene.run(1);
        scene.watch.state.in_flight.is_some()
    })
}

/// The switch under way gets into a block, the key is node second's then, and no other switch follows.
fn stays_with_second(scene: &mut Scene, why: &str) {
    scene.include();
    scene.fails = false;
    scene.run(10);
    assert_eq!(holder(scene), "second");
    assert_eq!(slots_until_switch(scene, 60), None, "{why}");
}

#[test]
fn the_key_goes_back_right_after_a_block_once_the_node_has_been_fit_for_long() {
    let mut scene = failed_over();
    repair(&mut scene);
    let waited = slots_until_switch(&mut scene, 60).unwrap();
    // Three good probes and 20 slots, and then up to a round of five until alice's next block.
    assert!((22..=28).contains(&waited), "{waited}");
    let plan = scene.plan();
    assert_eq!((plan.origin, plan.to.to_string(), plan.first_missed), (Origin::Failback, "primary".to_owned(), None));
    assert_eq!(plan.reason, "primary has been fit for 1 min, and second only stands in for it");
    let newest = scene.watch.state.slots.last().unwrap();
    assert!(scene.now().since(newest.time) < Duration::from_secs(6), "right after an own block");
    scene.include();
    scene.run(10);
    assert_eq!(holder(&scene), "primary");
    assert_eq!(slots_until_switch(&mut scene, 40), None, "it is home");
}

#[test]
fn nothing_goes_back_without_need_or_leave() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 6] = [
        ("the operator moves it by hand", |scene| scene.watch.config.failback = Failback::Manual),
        ("it is not fit", |scene| scene.unfit = ["primary"].into()),
        ("paused", |scene| scene.handle(Event::Pause(Duration::from_hours(1)))),
        ("observe", |scene| scene.watch.config.mode = Mode::Observe),
        ("the budget is spent", |scene| scene.watch.config.rails.budget = 1),
        ("the best node has it", |scene| scene.watch.config.nodes.swap(0, 1)),
    ];
    for (why, change) in cases {
        let mut scene = failed_over();
        repair(&mut scene);
        change(&mut scene);
        assert_eq!(slots_until_switch(&mut scene, 60), None, "{why}");
    }
    let mut planned = Scene::new(Mode::Armed);
    planned.watch.config.failback = Failback::After(Duration::from_mins(1));
    planned.handle(Event::Manual(Holder::Node("second".to_owned()), Force::No));
    planned.include();
    planned.run(10);
    assert_eq!(holder(&planned), "second");
    assert_eq!(slots_until_switch(&mut planned, 60), None, "an operator moved it there");
}

/// Node second is on duty, and the operator moves the key to node primary by plan: the switch gets into the next block. Whether
/// node primary makes blocks then is up to the test.
fn planned(fails: bool) -> Scene {
    let mut scene = Scene::new(Mode::Armed);
    scene.run(10);
    by_hand(&mut scene, Event::Manual(Holder::Node("second".to_owned()), Force::No));
    scene.run(20);
    assert!(scene.watch.state.unproven.is_none() && holder(&scene) == "second");
    scene.take();
    scene.fails = fails;
    by_hand(&mut scene, Event::Planned(Holder::Node("primary".to_owned())));
    assert_eq!(scene.watch.state.switches.last().map(|record| record.origin), Some(Origin::Planned));
    assert!(scene.watch.state.in_flight.is_none() && holder(&scene) == "primary");
    scene
}

/// The operator's switch, and the block that holds it.
fn by_hand(scene: &mut Scene, order: Event) {
    scene.handle(order);
    scene.include();
    scene.run(1);
}

#[test]
fn a_planned_switch_is_taken_back_if_the_new_node_misses_its_first_block() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change, bool); 5] = [
        ("it holds another key", |_| {}, true),
        ("automatic switches are paused", |scene| scene.handle(Event::Pause(Duration::from_hours(1))), true),
        ("the old node is not fit", |scene| scene.unfit = ["second"].into(), false),
        ("the budget is spent", |scene| scene.watch.config.rails.budget = 0, false),
        ("observe", |scene| scene.watch.config.mode = Mode::Observe, false),
    ];
    for (why, change, goes_back) in cases {
        let mut scene = planned(true);
        change(&mut scene);
        // Two rounds: until its slot has come, and most witnesses have built on what came after it.
        assert_eq!(slots_until_switch(&mut scene, 10).is_some(), goes_back, "{why}");
        if !goes_back {
            continue;
        }
        let plan = scene.plan();
        assert_eq!((plan.origin, plan.to.to_string()), (Origin::Planned, "second".to_owned()), "{why}");
        assert_eq!(plan.reason, "node primary has missed its first block, and second is fit");
        stays_with_second(&mut scene, why);
    }
}

#[test]
fn a_planned_switch_that_is_proven_stays() {
    let mut scene = planned(false);
    scene.run(10);
    assert!(scene.watch.state.unproven.is_none());
    scene.fails = true;
    assert_eq!(slots_until_switch(&mut scene, 20), None, "what comes later is the policy's");
}

#[test]
fn a_switch_by_hand_is_not_taken_back() {
    let mut scene = planned(false);
    scene.run(20);
    by_hand(&mut scene, Event::Manual(Holder::Node("second".to_owned()), Force::No));
    scene.run(20);
    scene.fails = true;
    by_hand(&mut scene, Event::Manual(Holder::Node("primary".to_owned()), Force::No));
    assert_eq!(holder(&scene), "primary");
    assert_eq!(slots_until_switch(&mut scene, 20), None, "nobody asked for that");
}

#[test]
fn a_node_that_misses_its_first_block_loses_the_key_again_and_for_good() {
    let mut scene = failed_over();
    repair(&mut scene);
    slots_until_switch(&mut scene, 60).unwrap();
    // Its probes are good, and it produces nothing.
    scene.fails = true;
    scene.include();
    // It is in the next block.
    scene.run(1);
    assert!(scene.watch.state.in_flight.is_none() && holder(&scene) == "primary");
    // Its first slot is one of the next five, and the block after that tells; the cool-down would last for ten slots.
    assert!(slots_until_switch(&mut scene, 7).is_some(), "it is taken back");
    let plan = scene.plan();
    assert_eq!((plan.origin, plan.to.to_string()), (Origin::Failback, "second".to_owned()));
    assert!(plan.first_missed.is_some(), "a failure, and counted as one");
    assert_eq!(plan.reason, "node primary has missed its first block, and second is fit");
    stays_with_second(&mut scene, "an operator must find out why");
}
