//! How the record of the signing key follows what endpoints and blocks show.

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

/// Endpoints go over to another branch, on which the key never left primary; there somebody moves it to second.
#[test]
fn a_block_that_sets_the_key_from_before_a_move_is_a_move_of_its_own() {
    let mut scene = Scene::new(Mode::Armed);
    scene.wallet(key(2));
    scene.run(12);
    scene.fails = true;
    scene.wallet(key(1));
    scene.run(3);
    scene.announce(key(2));
    scene.run(1);
    let record = scene.watch.state.key.unwrap();
    assert_eq!((record.key, record.before, since(&scene)), (key(2), Some(key(1)), Some(125)));
}
