//! A branch without an irreversible block.

use super::*;

#[test]
fn a_branch_without_an_irreversible_block_is_not_followed() {
    let mut tracker = grown();
    let well = |name, num: u32, slot| says(name, settled(head(num, slot), 99), key(1));
    let other = |name, num: u32, slot| says(name, settled(forked(num, slot, 7), 50), key(1));
    tracker.observe(time(200), &[well("a", 100, 200), well("b", 100, 200), other("c", 60, 200)]);
    assert_eq!(tracker.learn(vec![in_turn(100, 200)]), Fit::Linked);
    // "b" goes over to "c": they are more, and their branch is older than a block that was irreversible.
    tracker.observe(time(201), &[well("a", 101, 201), other("b", 61, 201), other("c", 61, 201)]);
    assert_eq!((tracker.agreement(), tracker.trusts("a")), (Agreement::Disagreed, true));
    assert_eq!(tracker.doubts().get("b"), Some(&Doubt::NotFinal(id(99, 0))));
    // A higher branch is found out by its blocks.
    let above = |name| says(name, settled(forked(108, 202, 7), 50), key(1));
    tracker.observe(time(202), &[well("a", 102, 202), above("b"), above("d"), above("e")]);
    let link = |num| Block { id: id(num, 7), previous: id(num - 1, 7), ..in_turn(num, u64::from(num) + 94) };
    for _ in 0..9 {
        let Some((from, to)) = tracker.wanted() else { break };
        let _ = tracker.learn((from.0..=to.0).map(link).collect());
    }
    let above = |name| says(name, settled(forked(109, 203, 7), 50), key(1));
    tracker.observe(time(203), &[well("a", 103, 203), above("b"), above("d"), above("e")]);
    assert_eq!((tracker.agreement(), tracker.trusts("a"), tracker.trusts("e")), (Agreement::Disagreed, true, false));
    // Those who call blocks of that height irreversible on the other branch are counted as ever.
    let final_too = |name| says(name, settled(forked(110, 204, 7), 105), key(1));
    tracker.observe(time(204), &[well("a", 104, 204), final_too("b"), final_too("d"), final_too("e")]);
    assert_eq!((tracker.agreement(), tracker.serves("a"), tracker.serves("e")), (Agreement::Agreed, false, true));
}
