//! What is made of the answers of several endpoints, round after round.

use std::time::Duration;

use dogwatch_chain::{BlockNum, Head, PublicKey};

use super::testing::{RULES, Says, Scene, at, id, key, silent, standings, time};
use crate::shared::WitnessAgreement;
use crate::standing::Standing;
use crate::verdict::AgreementVerdict;

fn seconds(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn one_round_of_answers() {
    use AgreementVerdict::{Agreed, Blind, Disagreement, OneVoice, Thin};
    use Standing::{Ahead, Disputed, Future, MinorityFork, Silent, Sound, Stale};
    let stale = |num: u32| Stale { at: BlockNum(num), age: time(100).since(time(num)) };
    let (minority, disputed) = (MinorityFork { at: BlockNum(100) }, Disputed { at: BlockNum(100) });
    let well = |name| at(name, 100, 0);
    let fork = |name| at(name, 100, 7);
    // Fresh by its time, and impossibly high.
    let high = || well("h").head(|head| head.id = id(5000, 0));
    let cases = [
        ("all well", vec![well("a"), well("b"), well("c")], Agreed, vec![Sound; 3]),
        ("one lags", vec![well("a"), well("b"), at("c", 98, 0)], Agreed, vec![Sound; 3]),
        ("one a block ahead, as yet", vec![well("a"), at("b", 101, 0)], Thin, vec![Sound; 2]),
        ("one dead", vec![well("a"), silent("b"), well("c")], Agreed, vec![Sound, Silent, Sound]),
        ("one stale", vec![well("a"), at("b", 80, 0), well("c")], Agreed, vec![Sound, stale(80), Sound]),
        ("the last fresh head", vec![well("a"), well("b"), at("c", 95, 0)], Agreed, vec![Sound; 3]),
        ("one on a fork", vec![well("a"), fork("b"), well("c")], Agreed, vec![Sound, minority, Sound]),
        ("one against one", vec![well("a"), fork("b")], Disagreement, vec![disputed; 2]),
        ("two against two", vec![well("a"), fork("b"), well("c"), fork("d")], Disagreement, vec![disputed; 4]),
        ("three branches", vec![well("a"), fork("b"), at("c", 100, 8)], Disagreement, vec![disputed; 3]),
        (
            "a quorum beside two that dispute the next block",
            vec![well("a"), well("b"), at("c", 101, 0), at("d", 101, 7)],
            Agreed,
            vec![Sound, Sound, Disputed { at: BlockNum(101) }, Disputed { at: BlockNum(101) }],
        ),
        ("one and silence", vec![well("a"), silent("b")], Thin, vec![Sound, Silent]),
        ("one and old heads of another branch", vec![well("a"), at("b", 80, 7)], Thin, vec![Sound, stale(80)]),
        ("the only one", vec![well("a")], OneVoice, vec![Sound]),
        ("two names of one", vec![well("a1"), well("a2")], OneVoice, vec![Sound; 2]),
        ("two of one and silence", vec![well("a1"), well("a2"), silent("b")], Thin, vec![Sound, Sound, Silent]),
        ("two of one against one", vec![well("a"), fork("b1"), fork("b2")], Disagreement, vec![disputed; 3]),
        ("two of one contradict each other", vec![well("a1"), fork("a2")], Disagreement, vec![disputed; 2]),
        ("nobody", vec![silent("a"), silent("b")], Blind, vec![Silent; 2]),
        ("no endpoints", vec![], Blind, vec![]),
        ("old heads of two branches", vec![at("a", 80, 0), at("b", 80, 7)], Blind, vec![stale(80); 2]),
        (
            "one from the future",
            vec![well("a"), at("b", 200, 0), well("c")],
            Agreed,
            vec![Sound, Future { by: seconds(300) }, Sound],
        ),
        ("one impossibly high", vec![well("a"), high(), well("c")], Agreed, vec![Sound, Ahead { blocks: 4900 }, Sound]),
        (
            "two of one, one of them impossibly high",
            vec![at("h1", 100, 0), high(), silent("b")],
            Thin,
            vec![Sound, Ahead { blocks: 4900 }, Silent],
        ),
        (
            "one, and an old head at its height",
            vec![well("a"), fork("b").head(|head| head.time = time(80))],
            Thin,
            vec![Sound, Stale { at: BlockNum(100), age: time(100).since(time(80)) }],
        ),
        ("one, and one impossibly high", vec![well("a"), high()], Thin, vec![Sound, Ahead { blocks: 4900 }]),
    ];
    for (case, said, verdict, expected) in cases {
        let mut scene = Scene::new();
        let round = scene.hear(time(100), &said);
        let conclusion = round.conclude();
        assert_eq!((conclusion.verdict, standings(&round)), (verdict, expected), "{case}");
        assert_eq!(conclusion.head.is_some(), verdict.is_good(), "{case}");
        assert_eq!(conclusion.irreversible.is_some(), verdict.is_good(), "{case}");
        assert_eq!(conclusion.schedule.is_some(), verdict.is_good(), "{case}");
    }
}

#[test]
fn the_need_is_the_quorum_or_all() {
    assert_eq!([0, 1, 2, 3].map(|operators| RULES.need(operators)), [1, 1, 2, 2]);
}

#[test]
fn the_head_is_a_block_that_the_quorum_has_shown() {
    let mut scene = Scene::new();
    scene.conclude(time(100), &[at("a1", 100, 0), at("a2", 100, 0), at("b", 99, 0)]);
    let conclusion = scene.conclude(time(101), &[at("a1", 101, 0), at("a2", 101, 0), at("b", 100, 0)]);
    assert_eq!(conclusion.verdict, AgreementVerdict::Agreed);
    assert_eq!(conclusion.head.map(|head| head.id), Some(id(100, 0)));
    // However far one lags: the block that both have shown is fresh.
    let mut scene = Scene::new();
    let mut last = None;
    for num in 100..110 {
        last = Some(scene.conclude(time(num), &[at("a", num, 0), at("b", num - 5, 0)]));
    }
    assert_eq!(last.and_then(|conclusion| conclusion.head).map(|head| head.id), Some(id(104, 0)));
}

#[test]
fn two_that_never_show_the_same_block_agree_on_none() {
    for (ahead, slots) in [(1, 2), (2, 3), (5, 6)] {
        let mut scene = Scene::new();
        for num in 100..110 {
            let said = [at("a", num, 0), at("z", num + ahead, 9)];
            let round = scene.hear(time(num), &said);
            let conclusion = round.conclude();
            assert!(!conclusion.verdict.is_good() && conclusion.head.is_none(), "{conclusion:?}");
            let told = num >= 100 + slots - 1;
            let expected = if told { AgreementVerdict::Disagreement } else { AgreementVerdict::Thin };
            assert_eq!(conclusion.verdict, expected, "{ahead} ahead, {num}");
            assert!(!told || standings(&round).iter().all(|standing| standing.is_doubtful()), "{round:?}");
        }
    }
}

#[test]
fn who_is_always_ahead_on_a_branch_of_its_own_is_found_out() {
    for ahead in 1..=4 {
        let mut scene = Scene::new();
        for num in 100..120 {
            let said = [at("a", num, 0), at("b", num, 0), at("z", num + ahead, 9)];
            let round = scene.hear(time(num), &said);
            assert_eq!(round.conclude().verdict, AgreementVerdict::Agreed);
            let expected = match num >= 100 + ahead {
                true => Standing::MinorityFork { at: BlockNum(num) },
                false => Standing::Sound,
            };
            assert_eq!(standings(&round)[2], expected, "{ahead} ahead, {num}");
        }
    }
}

/// A liar that is outvoted below cannot make an honest endpoint that is a block ahead look disputed.
#[test]
fn one_that_is_outvoted_ties_with_nobody() {
    let mut scene = Scene::new();
    let round = |scene: &mut Scene, num| {
        let said = [at("a", num, 0), at("b", num, 0), at("c", num + 1, 0), at("z", num + 1, 9)];
        standings(&scene.hear(time(num), &said))
    };
    let disputed = Standing::Disputed { at: BlockNum(101) };
    assert_eq!(round(&mut scene, 100)[2..], [disputed; 2]);
    assert_eq!(round(&mut scene, 101)[2..], [Standing::Sound, Standing::MinorityFork { at: BlockNum(101) }]);
}

/// A block's id commits to all before it: whoever comes back is back at once.
#[test]
fn a_fork_that_is_over_is_forgiven() {
    let mut scene = Scene::new();
    let verdict = |scene: &mut Scene, num, branches: [u8; 2]| {
        scene.conclude(time(num), &[at("a", num, branches[0]), at("b", num, branches[1])]).verdict
    };
    assert_eq!(verdict(&mut scene, 100, [0, 0]), AgreementVerdict::Agreed);
    for num in 101..104 {
        assert_eq!(verdict(&mut scene, num, [0, 7]), AgreementVerdict::Disagreement);
    }
    assert_eq!(verdict(&mut scene, 104, [7, 7]), AgreementVerdict::Agreed);
}

/// One operator's backends have seen different blocks for a moment: later on that says nothing.
#[test]
fn one_operator_contradicts_itself_for_a_moment_only() {
    let mut scene = Scene::new();
    let verdict = |scene: &mut Scene, num, branch| {
        scene.conclude(time(num), &[at("a1", num, 0), at("a2", num, branch), silent("b")]).verdict
    };
    assert_eq!(verdict(&mut scene, 100, 7), AgreementVerdict::Disagreement);
    assert_eq!(verdict(&mut scene, 101, 0), AgreementVerdict::Thin);
}

#[test]
fn an_old_block_in_common_is_no_head() {
    let mut scene = Scene::new();
    assert_eq!(scene.conclude(time(100), &[at("a", 100, 0), at("b", 100, 0)]).verdict, AgreementVerdict::Agreed);
    assert_eq!(scene.conclude(time(105), &[at("a", 105, 0), at("b", 106, 0)]).verdict, AgreementVerdict::Agreed);
    assert_eq!(scene.conclude(time(110), &[at("a", 110, 0), at("b", 111, 0)]).verdict, AgreementVerdict::Thin);
}

#[test]
fn who_is_condemned_counts_for_nobody() {
    let said = [at("a", 100, 0), at("b", 100, 0), at("y", 100, 7), at("z", 100, 7)];
    let mut scene = Scene::new();
    let mut round = scene.hear(time(100), &said);
    assert_eq!(round.conclude().verdict, AgreementVerdict::Disagreement);
    round.condemn(["y", "z"]);
    let fork = Standing::MinorityFork { at: BlockNum(100) };
    assert_eq!(standings(&round), [Standing::Sound, Standing::Sound, fork, fork]);
    let conclusion = round.conclude();
    assert_eq!((conclusion.verdict, conclusion.head.map(|head| head.id)), (AgreementVerdict::Agreed, Some(id(100, 0))));
    round.condemn(["b"]);
    assert_eq!(round.conclude().verdict, AgreementVerdict::Disagreement);
}

#[test]
fn absurd_heights_wash_no_claims_away() {
    let mut scene = Scene::new();
    for num in 100..300 {
        let absurd = at("z", num, 0).head(|head| head.id = id(1_000_000 + num * 100, 3));
        let conclusion = scene.conclude(time(num), &[at("a", num, 0), at("b", num, 5), absurd]);
        assert_eq!(conclusion.verdict, AgreementVerdict::Disagreement, "{num}: {conclusion:?}");
    }
}

#[test]
fn irreversible_is_what_the_quorum_says() {
    let says = |name, num| at(name, 100, 0).head(|head: &mut Head| head.irreversible = BlockNum(num));
    let conclusion = Scene::new().conclude(time(100), &[says("z", 100), says("a", 85), says("b", 85)]);
    assert_eq!(conclusion.irreversible, Some(BlockNum(85)));
}

#[test]
fn frozen_is_told_from_late() {
    let mut scene = Scene::new();
    let mut round = |num: u32, of_z: u32| {
        let said = [at("a", num, 0), at("b", num, 0), at("z", of_z, 0)];
        standings(&scene.hear(time(num), &said))[2]
    };
    for num in 100..110 {
        let late = Standing::Stale { at: BlockNum(num - 10), age: seconds(30) };
        assert_eq!(round(num, num - 10), late, "late, but it moves");
    }
    for num in 110..112 {
        assert!(matches!(round(num, 99), Standing::Stale { .. }), "{num}: it may move yet");
    }
    assert_eq!(round(112, 99), Standing::Frozen { at: BlockNum(99), age: seconds(39) });
    assert_eq!(round(113, 113), Standing::Sound);
    // While nobody moves, one that is behind is not frozen.
    let mut scene = Scene::new();
    let halted = [at("a", 110, 0), at("b", 110, 0), at("z", 95, 0)];
    scene.conclude(time(109), &[at("a", 109, 0), at("b", 109, 0), silent("z")]);
    scene.conclude(time(110), &halted);
    assert!(matches!(standings(&scene.hear(time(120), &halted))[2], Standing::Stale { .. }));
}

#[test]
fn a_standstill_is_when_nobody_moves() {
    use AgreementVerdict::{Agreed, Blind, Standstill};
    let both = |num| vec![at("a", num, 0), at("b", num, 0)];
    let verdicts = |rounds: &[(u32, Vec<Says>)]| -> Vec<AgreementVerdict> {
        let mut scene = Scene::new();
        rounds.iter().map(|(now, said)| scene.conclude(time(*now), said).verdict).collect()
    };
    let halting: Vec<(u32, Vec<Says>)> = (98..120).map(|now| (now, both(now.min(100)))).collect();
    let expected: Vec<AgreementVerdict> = (98..120).map(|now| if now > 105 { Standstill } else { Agreed }).collect();
    assert_eq!(verdicts(&halting), expected, "and the clock is never blamed");
    assert_eq!(verdicts(&[(300, both(100)), (302, both(100)), (303, both(100))]), [Blind, Blind, Standstill]);
    let one_silent = vec![at("a", 100, 0), silent("b")];
    assert_eq!(verdicts(&[(300, both(100)), (310, one_silent)]), [Blind, Blind], "one is no quorum");
    let apart = || vec![at("a", 100, 0), at("b", 99, 0)];
    assert_eq!(verdicts(&[(300, apart()), (310, apart())]), [Blind, Blind], "not the same block");
    // A head that is seen a second late becomes old a second before the chain has not grown for as long.
    let mut scene = Scene::new();
    let late = |num| time(num).plus(seconds(1));
    scene.conclude(late(99), &both(99));
    scene.conclude(late(100), &both(100));
    assert_eq!(scene.conclude(late(105).minus(Duration::from_millis(500)), &both(100)).verdict, Standstill);
    let silence = vec![silent("a"), silent("b")];
    let rounds = [(300, both(100)), (304, silence), (305, both(100))];
    assert_eq!(verdicts(&rounds), [Blind, Blind, Standstill], "an outage in between changes nothing");
    let third = [both(100), vec![at("c", 100, 0)]].concat();
    assert_eq!(verdicts(&[(300, both(100)), (310, third)]), [Blind, Standstill], "nor does one that comes");
    assert_eq!(
        verdicts(&[(300, both(100)), (200, both(100)), (203, both(100))])[2],
        Standstill,
        "the clock was set back"
    );
    let one_operator = vec![at("a1", 100, 0), at("a2", 100, 0)];
    assert_eq!(verdicts(&[(300, one_operator.clone()), (310, one_operator)]), [Blind, Blind], "one cannot tell");
}

#[test]
fn a_clock_that_is_off_is_named() {
    use AgreementVerdict::{Blind, ClockAhead, ClockBehind, Standstill};
    let by = seconds(300);
    for (off, expected) in [(100_i64, ClockAhead { by }), (-100, ClockBehind { by })] {
        let mut scene = Scene::new();
        let mut round = |num: u32, said: &[Says]| {
            let round = scene.hear(time(u32::try_from(i64::from(num) + off).unwrap()), said);
            (round.conclude().verdict, standings(&round))
        };
        let both = |num| [at("a", num, 0), at("b", num, 0), silent("c")];
        assert_eq!(round(200, &both(200)).0, Blind, "a halted chain would look the same");
        let off_clock = vec![Standing::OffClock, Standing::OffClock, Standing::Silent];
        assert_eq!(round(201, &both(201)), (expected, off_clock));
        assert_eq!(round(202, &[at("a1", 202, 0), at("a2", 202, 0), silent("b")]).0, Blind, "one voice");
        assert_eq!(round(203, &[at("a", 203, 0), at("b", 190, 0)]).0, Blind, "not together");
        assert_eq!(round(204, &both(204)).0, expected);
        let halted = round(208, &both(204)).0;
        assert!(matches!(halted, ClockAhead { .. } | ClockBehind { .. }), "that it is off is still certain: {halted}");
        assert_eq!(round(212, &both(204)).0, Standstill, "they stopped");
    }
    // One that is fresh by this machine's clock speaks for the clock.
    let mut scene = Scene::new();
    scene.conclude(time(100), &[at("a", 98, 0), at("b", 90, 0), at("c", 90, 0)]);
    let conclusion = scene.conclude(time(101), &[at("a", 99, 0), at("b", 91, 0), at("c", 91, 0)]);
    assert_eq!(conclusion.verdict, AgreementVerdict::Thin);
}

/// The heights of a chain that was set back are followed anew.
#[test]
fn a_height_that_was_wrong_does_not_stay() {
    let mut scene = Scene::new();
    scene.conclude(time(1000), &[at("a", 1000, 0), at("b", 1000, 0)]);
    let both = |num| [at("a", num, 0), at("b", num, 0)];
    for (num, expected) in
        [(200, AgreementVerdict::Blind), (201, AgreementVerdict::ClockAhead { by: time(1001).since(time(201)) })]
    {
        assert_eq!(scene.conclude(time(num + 800), &both(num)).verdict, expected);
    }
}

#[test]
fn a_schedule_is_what_the_quorum_shows() {
    let first = |name, letter: &str| {
        at(name, 100, 0).schedule(|schedule| {
            let at = schedule.current.iter().position(|witness| witness.to_string().ends_with(letter)).unwrap();
            schedule.current.swap(0, at);
        })
    };
    let shown = |said: &[Says]| {
        let schedule = Scene::new().conclude(time(100), said).schedule?;
        schedule.current.first().map(ToString::to_string)
    };
    let a = Some("witnessa".to_owned());
    assert_eq!(shown(&[first("a", "a"), first("b", "a"), first("z", "c")]), a);
    assert_eq!(shown(&[first("z", "c"), first("a", "a"), first("b", "a")]), a);
    assert_eq!(shown(&[first("a", "a"), first("z", "c")]), None, "one against one");
    assert_eq!(shown(&[first("a", "a"), first("z1", "c"), first("z2", "c")]), None, "two of one are one voice");
    assert_eq!(shown(&[first("a", "a")]), a, "the only one");
    let old = |name| at(name, 100, 0).schedule(|schedule| schedule.next_shuffle = BlockNum(100));
    assert_eq!(shown(&[old("a"), old("b")]), None, "not in force at the head");
    // The next round: what most of those say who tell it.
    let next = |name, letter: &'static str| {
        at(name, 100, 0).schedule(|schedule| {
            let named = schedule.current.iter().filter(|witness| witness.to_string().ends_with(letter));
            schedule.future = Some(named.cloned().collect());
        })
    };
    let said = [next("z", "c"), next("a", "b"), next("b", "b"), at("c", 100, 0)];
    let future = Scene::new().conclude(time(100), &said).schedule.and_then(|schedule| schedule.future).unwrap();
    assert_eq!(future[0].to_string(), "witnessb");
}

#[test]
fn a_key_is_what_the_quorum_and_most_say() {
    use WitnessAgreement::{NoSuchWitness, Unknown};
    let well = |name| at(name, 100, 0);
    let lies = |name| at(name, 100, 0).key(2);
    let none = |name| at(name, 100, 0).no_witness();
    let split = || WitnessAgreement::Split(vec![key(1), key(2)]);
    let agreed: Option<PublicKey> = Some(key(1));
    let cases = [
        ("two against one", vec![well("a"), well("b"), lies("z")], Ok(agreed)),
        ("one against one", vec![well("a"), lies("z")], Err(split())),
        ("three names, one voice", vec![well("a"), lies("z1"), lies("z2"), lies("z3")], Err(split())),
        ("two against three names", vec![well("a"), well("b"), lies("z1"), lies("z2"), lies("z3")], Ok(agreed)),
        ("two against two", vec![well("a"), well("b"), lies("y"), lies("z")], Err(split())),
        ("two that say both", vec![well("a1"), lies("a2"), well("b1"), lies("b2")], Err(split())),
        ("one is not enough", vec![well("a"), silent("b")], Err(Unknown)),
        ("the only one", vec![well("a")], Ok(agreed)),
        ("the only operator contradicts itself", vec![well("a1"), lies("a2")], Err(split())),
        ("no such witness", vec![none("a"), none("b"), silent("c")], Err(NoSuchWitness)),
        ("one knows none", vec![none("a"), silent("b")], Err(Unknown)),
        ("two know it, and one does not", vec![well("a"), well("b"), none("c")], Ok(agreed)),
        ("one knows it, and one does not", vec![well("a"), none("b")], Err(WitnessAgreement::Split(vec![key(1)]))),
        ("nobody", vec![silent("a")], Err(Unknown)),
    ];
    for (case, said, expected) in cases {
        let found = match Scene::new().conclude(time(100), &said).witnesses.pop() {
            Some(WitnessAgreement::Agreed(state)) => Ok(Some(state.signing_key)),
            Some(other) => Err(other),
            None => Err(Unknown),
        };
        assert_eq!(found, expected, "{case}");
    }
}
