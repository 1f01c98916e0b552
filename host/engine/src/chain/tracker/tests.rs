//! What is believed, and what is doubted.

mod finality;

use super::*;
use crate::chain::ServerDate;
use crate::testing::{INTERVAL, head, id, in_turn, key, name, says, silent, time, tracking};

fn tracker() -> Tracker {
    let config = tracking();
    Tracker::new(config)
}

fn forked(num: u32, slot: u64, branch: u8) -> Head {
    Head { id: id(num, branch), ..head(num, slot) }
}

/// One that has seen blocks up to 99, in slot 199.
fn grown() -> Tracker {
    let mut tracker = tracker();
    for num in 96..=99 {
        let head = settled(head(num, u64::from(num) + 100), 50);
        tracker.observe(head.time, &[says("a", head.clone(), key(1)), says("b", head, key(1))]);
        assert_eq!(tracker.learn(vec![in_turn(num, u64::from(num) + 100)]), Fit::Linked);
    }
    tracker
}

#[test]
fn how_well_endpoints_agree() {
    use Agreement::{Agreed, Blind, Disagreed, Single, Thin};
    let well = |name| says(name, head(100, 200), key(1));
    let lagging = says("l", head(99, 199), key(1));
    let stale = |name| says(name, head(90, 190), key(1));
    let fork = |name, branch| says(name, forked(100, 200, branch), key(1));
    let old_fork = says("o", forked(99, 200, 7), key(1));
    let above = says("z", forked(101, 201, 7), key(1));
    let future = says("f", head(150, 250), key(1));
    let cases = [
        ("all well", vec![well("a"), well("b"), well("c")], Agreed, 0),
        ("one lags", vec![well("a"), lagging.clone(), well("c")], Agreed, 0),
        ("one is dead", vec![well("a"), well("b"), silent("c")], Agreed, 1),
        ("one is stale", vec![well("a"), well("b"), stale("c")], Agreed, 1),
        ("one is from the future", vec![well("a"), well("b"), future], Agreed, 1),
        ("one is outvoted", vec![well("a"), well("b"), fork("c", 7)], Agreed, 1),
        ("one contradicts the log", vec![well("a"), well("b"), old_fork.clone()], Agreed, 1),
        ("the only one", vec![well("a")], Single, 0),
        ("one of two", vec![well("a"), silent("b")], Thin, 1),
        ("one of three", vec![well("a"), stale("b"), silent("c")], Thin, 2),
        ("one against one", vec![well("a"), fork("b", 7)], Disagreed, 2),
        ("three branches", vec![well("a"), fork("b", 7), fork("c", 8)], Disagreed, 3),
        ("one, and one that contradicts the log", vec![well("a"), old_fork, silent("c")], Disagreed, 2),
        ("one, and one a block ahead on another branch", vec![well("a"), above], Thin, 0),
        ("none", vec![silent("a"), stale("b")], Blind, 2),
        ("no endpoints", vec![], Blind, 0),
    ];
    for (case, readings, agreement, doubts) in cases {
        let mut tracker = grown();
        tracker.observe(time(200), &readings);
        assert_eq!((tracker.agreement(), tracker.doubts().len()), (agreement, doubts), "{case}");
    }
}

#[test]
fn the_majority_on_another_branch_makes_the_log_wrong() {
    let mut tracker = grown();
    let other = says("b", forked(99, 200, 7), key(1));
    tracker.observe(
        time(200),
        &[
            says("a", head(99, 199), key(1)),
            other.clone(),
            EndpointReading { endpoint: "c".to_owned(), operator: "c".to_owned(), ..other },
        ],
    );
    assert_eq!((tracker.agreement(), tracker.trusts("a"), tracker.serves("b")), (Agreement::Agreed, false, true));
    // Outvoted, not a wrong log yet: the blocks decide.
    let link = |num| Block { id: id(num, 7), previous: id(num - 1, 7), ..in_turn(num, u64::from(num) + 100) };
    for _ in 0..9 {
        let Some((from, to)) = tracker.wanted() else { break };
        let _ = tracker.learn((from.0..=to.0).map(link).collect());
    }
    assert_eq!(tracker.log().tip().map(|tip| tip.id), Some(id(99, 7)));
}

#[test]
fn who_is_always_ahead_is_found_out() {
    let mut tracker = grown();
    let observe = |tracker: &mut Tracker, num: u32| {
        let slot = u64::from(num) + 100;
        let ahead = says("z", forked(num + 1, slot + 1, 7), key(1));
        let well = |name| says(name, head(num, slot), key(1));
        tracker.observe(time(slot), &[well("a"), ahead, well("b")]);
    };
    observe(&mut tracker, 100);
    assert_eq!(tracker.head().map(|head| head.id), Some(id(100, 0)), "the quorum's head");
    assert_eq!((tracker.serves("a"), tracker.serves("z")), (true, false));
    assert_eq!(tracker.learn(vec![in_turn(100, 200)]), Fit::Linked);
    observe(&mut tracker, 101);
    assert_eq!(tracker.learn(vec![in_turn(101, 201)]), Fit::Linked);
    observe(&mut tracker, 102);
    assert_eq!(tracker.doubts().get("z"), Some(&Doubt::BrokenClaim));
}

#[test]
fn blocks_of_another_branch_do_not_stay() {
    let mut tracker = grown();
    let well = |name| says(name, head(100, 200), key(1));
    tracker.observe(time(200), &[well("a"), well("b")]);
    let lie = Block { id: id(100, 7), ..in_turn(100, 200) };
    let _ = tracker.learn(vec![lie]);
    assert_eq!(tracker.wanted(), Some((BlockNum(100), BlockNum(100))));
}

#[test]
fn a_standstill_is_when_nobody_moves() {
    let mut tracker = grown();
    let at = |num: u32, name| says(name, head(num, u64::from(num) + 100), key(1));
    let mut observe = |slot, readings: &[EndpointReading]| {
        tracker.observe(time(slot), readings);
        tracker.standstill()
    };
    let both = |num| [at(num, "a"), at(num, "b")];
    assert_eq!(observe(300, &both(100)), Standstill::No, "it has just come");
    assert_eq!(observe(305, &both(100)), Standstill::AllAtTheSameBlock);
    assert_eq!(observe(306, &both(101)), Standstill::No, "it moves: the clock is wrong");
    assert_eq!(observe(316, &[at(101, "a"), silent("b")]), Standstill::No, "one is no quorum");
    assert_eq!(observe(326, &[at(101, "a"), at(100, "b")]), Standstill::No);
}

#[test]
fn the_key_is_what_the_quorum_says() {
    let says = |n| move |name| says(name, head(100, 200), key(n));
    let split = WitnessReading::Split(vec![key(1), key(2)]);
    let cases = [
        (vec![says(1)("a"), says(1)("b"), says(2)("c")], Ok(key(1))),
        (vec![says(1)("a"), says(2)("b")], Err(split)),
        (vec![says(2)("a")], Ok(key(2))),
        (vec![says(2)("a"), silent("b"), silent("c")], Err(WitnessReading::Unread)),
    ];
    for (readings, expected) in cases {
        let mut tracker = grown();
        tracker.observe(time(200), &readings);
        let found = match tracker.witness(0) {
            WitnessReading::Agreed(state) => Ok(state.signing_key),
            other => Err(other.clone()),
        };
        assert_eq!(found, expected);
    }
    let mut tracker = grown();
    tracker.observe(time(200), &[silent("a")]);
    assert_eq!(*tracker.witness(0), WitnessReading::Unread);
    assert_eq!(tracker.next_own_slot(&name("e"), time(199)), None);
}

#[test]
fn endpoints_of_one_operator_are_one_voice() {
    use Agreement::{Agreed, Disagreed, Single, Thin};
    let well = |name| says(name, head(100, 200), key(1));
    let fork = |name| says(name, forked(100, 200, 7), key(2));
    for (case, readings, agreement, doubted) in [
        ("two of one operator are not enough", vec![well("a1"), well("a2"), silent("b")], Thin, vec!["b"]),
        ("two operators are", vec![well("a1"), well("a2"), well("b")], Agreed, vec![]),
        (
            "nor do two of one outvote another",
            vec![well("a"), fork("f1"), fork("f2")],
            Disagreed,
            vec!["a", "f1", "f2"],
        ),
        (
            "two operators do",
            vec![well("a"), well("b"), fork("f1"), fork("f2"), fork("f3")],
            Agreed,
            vec!["f1", "f2", "f3"],
        ),
        ("one operator is all there is", vec![well("a1"), silent("a2")], Single, vec!["a2"]),
    ] {
        let mut tracker = grown();
        tracker.observe(time(200), &readings);
        assert_eq!(tracker.agreement(), agreement, "{case}");
        assert_eq!(tracker.doubts().keys().map(String::as_str).collect::<Vec<_>>(), doubted, "{case}");
    }
    // The key: three endpoints of one operator against one of another.
    let mut tracker = grown();
    let lie = |name| says(name, head(100, 200), key(2));
    tracker.observe(time(200), &[well("a"), lie("f1"), lie("f2"), lie("f3")]);
    assert!(matches!(tracker.witness(0), WitnessReading::Split(_)), "{:?}", tracker.witness(0));
    tracker.observe(time(200), &[well("a"), well("b"), lie("f1"), lie("f2"), lie("f3")]);
    assert!(matches!(tracker.witness(0), WitnessReading::Agreed(state) if state.signing_key == key(1)));
    // The head is the one that two operators have reached, however many endpoints of one are above.
    let mut tracker = grown();
    let above = |name| says(name, head(101, 201), key(1));
    tracker.observe(time(201), &[above("f1"), above("f2"), well("a")]);
    assert_eq!(tracker.head().map(Head::num), Some(BlockNum(100)));
}

#[test]
fn frozen_is_told_from_late() {
    let mut tracker = grown();
    let at = |num: u32, name| says(name, head(num, u64::from(num) + 100), key(1));
    let mut observe = |num: u32, readings: &[EndpointReading]| {
        tracker.observe(time(u64::from(num) + 100), readings);
        tracker.doubts().get("z").cloned()
    };
    assert_eq!(observe(100, &[at(100, "a"), at(100, "b"), at(90, "z")]), Some(stale(90, 30)), "it has just come");
    for num in 101..106 {
        observe(num, &[at(num, "a"), at(num, "b"), at(num - 10, "z")]);
    }
    assert_eq!(observe(106, &[at(106, "a"), at(106, "b"), at(96, "z")]), Some(stale(96, 30)), "late, but it moves");
    for num in 107..111 {
        observe(num, &[at(num, "a"), at(num, "b"), at(96, "z")]);
    }
    let frozen = Doubt::Frozen { head: BlockNum(96), age: INTERVAL * 15 };
    assert_eq!(observe(111, &[at(111, "a"), at(111, "b"), at(96, "z")]), Some(frozen));
    assert_eq!(observe(112, &[at(112, "a"), at(112, "b"), at(112, "z")]), None);
}

fn stale(head: u32, seconds: u64) -> Doubt {
    Doubt::Stale { head: BlockNum(head), age: Duration::from_secs(seconds) }
}

#[test]
fn a_wrong_clock_is_told_from_a_halted_chain() {
    let at = |num: u32, name| says(name, head(num, u64::from(num) + 100), key(1));
    let both = |num| [at(num, "a"), at(num, "b"), silent("c")];
    for (off, expected) in [(40_i64, WallClock::Ahead(INTERVAL * 40)), (-40, WallClock::Behind(INTERVAL * 40))] {
        let mut tracker = tracker();
        let mut observe = |num: u32, readings: &[EndpointReading]| {
            tracker.observe(time(u64::from(num).wrapping_add_signed(100 + off)), readings);
            tracker.wall_clock()
        };
        assert_eq!(observe(100, &both(100)), WallClock::Plausible, "a halted chain would look the same");
        assert_eq!(observe(101, &both(101)), expected);
        assert_eq!(observe(102, &[at(102, "a"), at(102, "a2"), silent("b")]), WallClock::Plausible, "one voice");
        assert_eq!(observe(103, &[at(103, "a"), at(90, "b")]), WallClock::Plausible, "not together");
        assert_eq!(observe(104, &both(104)), expected);
        assert_eq!(observe(112, &both(104)), WallClock::Plausible, "they stopped");
    }
    // An endpoint that is fresh by this machine's clock speaks for the clock.
    let mut tracker = grown();
    tracker.observe(time(200), &[at(100, "a"), at(90, "b"), at(90, "c")]);
    assert_eq!(tracker.wall_clock(), WallClock::Plausible);
}

#[test]
fn a_schedule_is_believed_when_two_operators_show_it() {
    use crate::testing::schedule;
    let says_round = |name, current: &str| {
        let mut says = says(name, head(100, 200), key(1));
        says.result.as_mut().unwrap().schedule = schedule(105, current, None);
        says
    };
    let producer = |readings: &[EndpointReading]| {
        let mut tracker = tracker();
        tracker.observe(time(200), readings);
        tracker.log().round_length()
    };
    assert_eq!(producer(&[says_round("a", "abcde"), says_round("b", "abcde"), says_round("z", "xyzab")]), Some(5));
    assert_eq!(producer(&[says_round("a", "abcde"), says_round("z", "xyzab")]), None, "one against one");
    let of_one = [says_round("a", "abcde"), says_round("z1", "xyzab"), says_round("z2", "xyzab")];
    assert_eq!(producer(&of_one), None, "two of one operator are one voice");
    assert_eq!(producer(&[says_round("a", "abcde")]), Some(5), "the only one");
}

/// An answer that shows that round instead of "abcde".
fn scheduling(name: &str, num: u32, round: &str) -> EndpointReading {
    let mut says = says(name, head(num, u64::from(num) + 100), key(1));
    says.result.as_mut().unwrap().schedule = crate::testing::schedule(num / 5 * 5 + 5, round, None);
    says
}

/// Plays those heights, and reads every block.
fn play(tracker: &mut Tracker, nums: std::ops::RangeInclusive<u32>, answers: impl Fn(u32) -> Vec<EndpointReading>) {
    for num in nums {
        tracker.observe(time(u64::from(num) + 100), &answers(num));
        while let Some((from, to)) = tracker.wanted() {
            let blocks = (from.0..=to.0).map(|num| in_turn(num, u64::from(num) + 100));
            assert_eq!(tracker.learn(blocks.collect()), Fit::Linked);
        }
    }
}

#[test]
fn whose_schedule_the_blocks_contradict_is_not_trusted() {
    let mut tracker = tracker();
    let lies = |num| vec![scheduling("a", num, "abcde"), scheduling("b", num, "abcde"), scheduling("z", num, "bcdea")];
    play(&mut tracker, 100..=110, lies);
    assert_eq!(tracker.doubts().get("z"), Some(&Doubt::WrongSchedule));
    assert_eq!((tracker.agreement(), tracker.knows_schedule()), (Agreement::Agreed, true));
    let two = |num| vec![scheduling("a", num, "abcde"), scheduling("z", num, "bcdea"), silent("b")];
    play(&mut tracker, 111..=115, two);
    assert_eq!(tracker.agreement(), Agreement::Agreed, "it is right in all else");
    assert!(!tracker.knows_schedule(), "it is no second voice about a round");
    // It says the truth: after a third of a round it is believed.
    let truth = |num| ["a", "b", "z"].map(|name| scheduling(name, num, "abcde")).to_vec();
    play(&mut tracker, 116..=116, truth);
    assert!(!tracker.trusts("z"), "a block is not enough");
    play(&mut tracker, 117..=119, truth);
    assert!(tracker.trusts("z"), "{:?}", tracker.doubts());
}

/// The only endpoint lies: nothing is attributed to anybody until it shows a schedule that fits.
#[test]
fn a_lone_endpoint_with_a_wrong_schedule_leaves_none() {
    let mut tracker = tracker();
    play(&mut tracker, 100..=104, |num| vec![scheduling("z", num, "abcde")]);
    assert!(tracker.knows_schedule());
    play(&mut tracker, 105..=112, |num| vec![scheduling("z", num, "bcdea")]);
    assert!(!tracker.knows_schedule(), "{:?}", tracker.doubts());
    assert_eq!(tracker.log().schedules.keys().collect::<Vec<_>>(), [&BlockNum(105)], "the one that was right stays");
}

/// Its next block is not there yet, and with it none of the reads that hold schedules against blocks.
#[test]
fn a_schedule_that_known_blocks_contradict_replaces_none() {
    let mut tracker = tracker();
    play(&mut tracker, 100..=118, |num| vec![scheduling("z", num, "abcde")]);
    let known = tracker.log().schedules.clone();
    for late in [219, 220] {
        tracker.observe(time(late), &[scheduling("z", 118, "bcdea")]);
        assert_eq!((&tracker.log().schedules, tracker.wanted()), (&known, None));
    }
    assert_eq!(tracker.doubts().get("z"), Some(&Doubt::WrongSchedule));
}

/// One on another branch, where another round was elected: that is a fork, and no wrong schedule.
#[test]
fn another_branch_may_have_another_schedule() {
    let mut tracker = tracker();
    let other = |num: u32| {
        let mut says = scheduling("z", num, "edcba");
        says.result.as_mut().unwrap().head = forked(num, u64::from(num) + 100, 7);
        says
    };
    play(&mut tracker, 100..=110, |num| vec![scheduling("a", num, "abcde"), scheduling("b", num, "abcde"), other(num)]);
    // Nor while it is a block ahead, and nobody has another block at that height yet.
    let mut ahead = self::tracker();
    let above = |num: u32| {
        let mut says = scheduling("z", num, "edcba");
        says.result.as_mut().unwrap().head = forked(num + 1, u64::from(num) + 101, 7);
        vec![scheduling("a", num, "abcde"), scheduling("b", num, "abcde"), says]
    };
    play(&mut ahead, 100..=103, |num| ["a", "b"].map(|name| scheduling(name, num, "abcde")).to_vec());
    play(&mut ahead, 104..=105, above);
    assert!(matches!(ahead.doubts().get("z"), Some(Doubt::Fork(_))), "{:?}", ahead.doubts());
    let doubt = tracker.doubts().get("z");
    assert!(matches!(doubt, Some(Doubt::Fork(_) | Doubt::BrokenClaim)), "{doubt:?}");
}

/// This machine is five minutes ahead: every head would be stale, if the answers did not tell.
#[test]
fn dates_correct_the_clock() {
    let off = Duration::from_secs(300);
    let mut tracker = tracker();
    let mut undated = self::tracker();
    for num in 100..110 {
        let right = time(u64::from(num) + 100).plus(Duration::from_millis(500));
        let at = |name| says(name, head(num, u64::from(num) + 100), key(1));
        let dated = |name| {
            let date = Time::from_secs(right.as_secs());
            EndpointReading {
                date: Some(ServerDate { date, asked: right.plus(off), received: right.plus(off) }),
                ..at(name)
            }
        };
        tracker.observe(right.plus(off), &[dated("a"), dated("b")]);
        undated.observe(right.plus(off), &[at("a"), at("b")]);
        assert_eq!(tracker.agreement(), Agreement::Agreed, "from the first answer on");
        let left = tracker.corrected(right.plus(off)).since(right);
        assert!(left <= Duration::from_secs(1), "{left:?}");
    }
    assert!(matches!(tracker.clock_offset(), ClockOffset::Ahead(_)));
    assert_eq!((undated.agreement(), undated.clock_offset()), (Agreement::Blind, ClockOffset::None));
}

#[test]
fn whether_most_witnesses_have_built_within_a_round() {
    use crate::chain::Majority::{Built, NotSeen};
    let mut tracker = tracker();
    let both = |num: u32, slot: u64| {
        let head = Head { irreversible: BlockNum(1), ..head(num, slot) };
        [says("a", head.clone(), key(1)), says("b", head, key(1))]
    };
    assert_eq!(tracker.recent_majority(), NotSeen, "nothing is known");
    // Slots 200 to 204, then only every fifth slot holds a block.
    let slots = [200, 201, 202, 203, 204, 209, 214];
    let mut seen = Vec::new();
    for (num, slot) in (100..).zip(slots) {
        tracker.observe(time(slot), &both(num, slot));
        assert_eq!(tracker.learn(vec![in_turn(num, slot)]), Fit::Linked);
        seen.push((tracker.recent_majority(), tracker.majority_after(Slot(201))));
    }
    assert_eq!(seen[..4], [(Built, NotSeen); 4], "it takes a round to tell");
    assert_eq!(seen[4..], [(Built, Built), (NotSeen, Built), (NotSeen, Built)]);
    // The first block after it is irreversible: who made the others is no matter.
    let last = Head { irreversible: BlockNum(107), ..head(107, 219) };
    tracker.observe(time(219), &[says("a", last.clone(), key(1)), says("b", last, key(1))]);
    assert_eq!(tracker.learn(vec![in_turn(107, 219)]), Fit::Linked);
    assert_eq!((tracker.recent_majority(), tracker.majority_after(Slot(210))), (Built, Built));
}

/// A head of which everything up to `irreversible` is final.
fn settled(mut head: Head, irreversible: u32) -> Head {
    head.irreversible = BlockNum(irreversible);
    head
}
