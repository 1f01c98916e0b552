//! Which verdict follows from what is seen.

use std::time::Duration;

use super::*;
use crate::beat::{Beat, NodeProcess};
use crate::situation::Mode;
use crate::testing::{INTERVAL, key};
use crate::watch::event::Event;
use crate::watch::scene::Scene;

fn verdict(scene: &Scene) -> Verdict {
    scene.watch.verdict(scene.now(), &scene.tracker)
}

/// The primary dies, misses two slots, and most witnesses have built on the misses.
fn down() -> Scene {
    let mut scene = Scene::new(Mode::Armed);
    scene.fails = true;
    scene.run(11);
    scene
}

#[test]
fn a_witness_that_produces_is_fine() {
    let mut scene = Scene::new(Mode::Armed);
    for _ in 0..10 {
        assert_eq!(verdict(&scene), Verdict::Fine);
        scene.run(1);
    }
    scene.wallet(dogwatch_chain::PublicKey::NULL);
    scene.run(20);
    assert_eq!(verdict(&scene), Verdict::Fine, "disabled: nobody expects a block");
}

/// Alice's slot is the 110th; the block after it makes it a miss. Of five witnesses three must have built on it.
#[test]
fn a_miss_counts_once_most_witnesses_have_built_on_it() {
    use Verdict::{CannotTell, Fine, Me};
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.fails = true;
    for (slot, expected) in [(109, Fine), (110, Fine), (111, CannotTell), (112, CannotTell), (113, Me), (114, Me)] {
        scene.run(1);
        assert_eq!(verdict(&scene), expected, "slot {slot}");
    }
    // Irreversible is as good.
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1;
    scene.fails = true;
    scene.run(3);
    assert_eq!(verdict(&scene), CannotTell, "the block after it is not irreversible yet");
    scene.run(1);
    assert_eq!(verdict(&scene), Me);
}

/// A minority's branch: bob, carol and dave build elsewhere, and no miss is ever held against alice.
#[test]
fn on_a_minoritys_branch_nothing_is_held_against_the_witness() {
    let mut scene = Scene::new(Mode::Armed);
    scene.final_after = 1000;
    scene.absent = ["bob", "carol", "dave"].into();
    scene.fails = true;
    for slot in 0..60 {
        scene.run(1);
        assert_ne!(verdict(&scene), Verdict::Me, "slot {slot}");
    }
    assert_eq!(verdict(&scene), Verdict::CannotTell);
}

/// Producers stop by themselves below a third: 43 of 128 slots is the first number above it.
#[test]
fn a_thin_chain_is_no_excuse_until_producers_stop_by_themselves() {
    let mut scene = down();
    for (participation, expected) in
        [(128, Verdict::Me), (84, Verdict::Me), (43, Verdict::Me), (42, Verdict::Chain), (0, Verdict::Chain)]
    {
        scene.participation = participation;
        scene.look();
        assert_eq!(verdict(&scene), expected, "{participation} of 128");
    }
}

/// What happens, how, and the verdict then.
type Case = (&'static str, fn(&mut Scene), Verdict);

#[test]
fn what_cannot_be_seen_cannot_be_told() {
    let cases: [Case; 5] = [
        ("no endpoint answers", |scene| scene.silent = true, Verdict::CannotTell),
        ("the schedule is of a round that is over", |scene| scene.unscheduled = true, Verdict::CannotTell),
        ("the endpoints stand still", |scene| scene.stand_still(true), Verdict::Chain),
        (
            "the endpoints stand still, and a node goes on",
            |scene| {
                scene.stand_still(true);
                scene.ahead = Some(("second", 9));
            },
            Verdict::CannotTell,
        ),
        ("nothing is wrong but the node", |_| {}, Verdict::Me),
    ];
    for (case, happens, expected) in cases {
        let mut scene = down();
        happens(&mut scene);
        scene.run(14);
        assert_eq!(verdict(&scene), expected, "{case}");
    }
    // Answers that have grown old.
    let scene = down();
    let later = |slots| scene.watch.verdict(scene.now().plus(INTERVAL * slots), &scene.tracker);
    assert_eq!((later(4), later(6)), (Verdict::Me, Verdict::CannotTell));
    assert!(scene.tracker.config().stale_after == Duration::from_secs(15), "which is five slots");
}

/// The log says nothing, and the endpoints' counter says that alice has missed blocks: that is not fine.
#[test]
fn unseen_misses_are_not_fine() {
    let mut scene = Scene::new(Mode::Armed);
    scene.watch.state.missed_unseen = 1;
    assert_eq!(verdict(&scene), Verdict::CannotTell);
    scene.watch.state.missed_unseen = 0;
    assert_eq!(verdict(&scene), Verdict::Fine);
}

/// What the primary's tripwire has proven counts before a slot is missed. Neither the same of a standby counts, nor that
/// of a node whose port alone was closed: its key goes on signing blocks.
#[test]
fn a_dead_node_is_to_blame_before_it_misses() {
    let gone = |name: &'static str, fails: bool| {
        let mut scene = Scene::new(Mode::Armed);
        scene.unfit = [name].into();
        scene.fails = fails;
        let place = scene.watch.node_index(name).unwrap();
        scene.handle(Event::Gone(place));
        scene
    };
    assert_eq!(verdict(&gone("second", true)), Verdict::Fine);
    let mut dead = gone("primary", true);
    assert_eq!(verdict(&dead), Verdict::Me);
    dead.run(3);
    assert_eq!(verdict(&dead), Verdict::Me, "a block that it made before is no proof of life");
    let mut alive = gone("primary", false);
    assert_eq!(verdict(&alive), Verdict::Me);
    alive.run(8);
    assert_eq!(verdict(&alive), Verdict::Fine, "its key has signed a block since");
    let mut back = gone("primary", true);
    back.unfit.clear();
    back.run(1);
    assert_eq!(verdict(&back), Verdict::Fine, "it answers again");
    let mut listens = gone("primary", true);
    let place = listens.watch.node_index("primary").unwrap();
    listens.handle(Event::Back(place));
    assert_eq!(verdict(&listens), Verdict::Fine);
}

/// The node's own machine knows best. What answers on the port may be a proxy; a beat that was sent before the end may come
/// after it; and silence takes nothing back.
#[test]
fn what_the_machine_of_the_node_on_duty_says_is_proof() {
    let says = |scene: &mut Scene, process| {
        let place = scene.watch.node_index("primary").unwrap();
        scene.handle(Event::Beat(place, Beat { process, trouble: None }));
        verdict(scene)
    };
    let running = |seconds| NodeProcess::Running(Duration::from_secs(seconds));
    let dead = || {
        let mut scene = Scene::new(Mode::Armed);
        scene.fails = true;
        assert_eq!(says(&mut scene, running(600)), Verdict::Fine);
        scene
    };
    let mut scene = dead();
    assert_eq!(says(&mut scene, NodeProcess::Stalled), Verdict::Me);
    scene.run(2);
    assert_eq!(verdict(&scene), Verdict::Me, "good probes of a proxy");
    assert_eq!(says(&mut scene, NodeProcess::NotFound), Verdict::Me);
    assert_eq!(says(&mut scene, running(610)), Verdict::Fine, "it goes on");

    let mut scene = dead();
    scene.unfit = ["primary"].into();
    scene.run(1);
    assert_eq!(says(&mut scene, NodeProcess::Ended), Verdict::Me);
    assert_eq!(says(&mut scene, running(0)), Verdict::Me, "it was started again, and produces nothing for minutes");
    scene.unfit.clear();
    scene.run(2);
    assert_ne!(verdict(&scene), Verdict::Me, "it answers");

    let mut scene = dead();
    says(&mut scene, NodeProcess::Ended);
    assert_eq!(says(&mut scene, NodeProcess::Silent), Verdict::Me);
    scene.run(2);
    assert_ne!(verdict(&scene), Verdict::Me, "nobody says so any more, and the node answers");

    let mut scene = Scene::new(Mode::Armed);
    (scene.fails, scene.unfit) = (true, ["primary"].into());
    let place = scene.watch.node_index("primary").unwrap();
    scene.handle(Event::Gone(place));
    assert_eq!(says(&mut scene, running(600)), Verdict::Me, "it was on its way when the process ended");
    scene.run(1);
    assert_eq!(says(&mut scene, running(1)), Verdict::Me, "it was started again");
    assert_eq!(says(&mut scene, running(600)), Verdict::Fine, "only the port was closed");
}

#[test]
fn a_new_holder_starts_afresh() {
    let mut scene = down();
    scene.wallet(key(2));
    scene.run(6);
    assert_eq!(verdict(&scene), Verdict::Fine, "second has produced");
}

/// Its node answers with an old head, and the endpoints have newer blocks: it will miss. Not before its probes have been bad for
/// a while, not if nobody agrees on what is newer, and not once it has produced all the same.
#[test]
fn a_holder_that_is_far_behind_is_to_blame_before_it_misses() {
    let mut scene = Scene::new(Mode::Armed);
    scene.lags = Some(("primary", 10));
    scene.run(2);
    assert_eq!(verdict(&scene), Verdict::Fine, "two probes are not enough");
    scene.fails = true;
    scene.run(1);
    assert_eq!(verdict(&scene), Verdict::Me);
    scene.lags = Some(("primary", 2));
    scene.run(1);
    assert_eq!(verdict(&scene), Verdict::Fine, "it has caught up");
    let mut scene = Scene::new(Mode::Armed);
    scene.lags = Some(("primary", 10));
    scene.run(10);
    assert_eq!(verdict(&scene), Verdict::Fine, "it has produced since");
    let mut scene = Scene::new(Mode::Armed);
    scene.lags = Some(("second", 10));
    scene.run(4);
    assert_eq!(verdict(&scene), Verdict::Fine, "a standby");
}
