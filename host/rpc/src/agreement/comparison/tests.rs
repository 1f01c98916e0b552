//! What is made of the answers of several endpoints, round after round.

use dogwatch_chain::{AccountName, PublicKey, Schedule, Slot, WitnessState};
use url::Url;

use super::*;
use crate::agreement::outcome::WitnessAgreement;
use crate::agreement::reading::EndpointView;

const INTERVAL: Duration = Duration::from_secs(3);
const RULES: AgreementRules = AgreementRules { quorum: 2, stale_after: Duration::from_secs(15), interval: INTERVAL };

/// The time of the slot in which block `num` of a chain without misses is made.
fn time(num: u32) -> Time {
    Time::from_secs(1_000_000 + num * 3)
}

fn id(num: u32, branch: u8) -> BlockId {
    format!("{num:08x}{}", format!("{branch:02x}").repeat(16)).parse().unwrap()
}

fn key(n: u8) -> PublicKey {
    let secret: [u8; 32] = [n; 32];
    dogwatch_chain::SecretKey::from_bytes(secret).unwrap().public_key()
}

#[derive(Clone)]
struct Says {
    operator: &'static str,
    reading: Option<EndpointView>,
}

/// An endpoint at block `num` of a branch.
fn at(operator: &'static str, num: u32, branch: u8) -> Says {
    let name = |letter: &str| AccountName::new(format!("witness{letter}")).unwrap();
    let state = WitnessState {
        owner: name("a"),
        signing_key: key(1),
        total_missed: 0,
        last_confirmed_block: BlockNum(1),
        running_version: "1".to_owned(),
    };
    let schedule = Schedule {
        next_shuffle: BlockNum(num / 5 * 5 + 5),
        current: ["a", "b", "c", "d", "e"].map(name).to_vec(),
        future: None,
    };
    let head = Head {
        id: id(num, branch),
        time: time(num),
        slot: Slot(u64::from(num)),
        irreversible: BlockNum(num),
        participation: 128,
    };
    Says { operator, reading: Some(EndpointView { head, schedule, witnesses: vec![Some(state)], block: None }) }
}

fn silent(operator: &'static str) -> Says {
    Says { operator, reading: None }
}

fn lying(operator: &'static str, num: u32) -> Says {
    let mut says = at(operator, num, 0);
    says.reading.as_mut().unwrap().witnesses[0].as_mut().unwrap().signing_key = key(2);
    says
}

struct Scene(Comparison);

impl Scene {
    fn new() -> Self {
        Self(Comparison::new(RULES))
    }

    fn compare(&mut self, now: Time, said: &[Says]) -> EndpointAgreement {
        let operators: Vec<Operator> = said
            .iter()
            .map(|says| Operator::of(&Url::parse(&format!("https://{}.example", says.operator)).unwrap(), None))
            .collect();
        let voices: Vec<EndpointVoice<'_>> = said
            .iter()
            .zip(&operators)
            .enumerate()
            .map(|(index, (says, operator))| EndpointVoice {
                endpoint: EndpointIndex(index),
                operator,
                reading: says.reading.as_ref(),
            })
            .collect();
        self.0.compare(now, &voices)
    }
}

fn standings(agreement: &EndpointAgreement) -> Vec<Standing> {
    agreement.standings.iter().map(|(_, standing)| *standing).collect()
}

#[test]
fn one_round_of_answers() {
    use Standing::{Disputed, Silent, Sound};
    let stale = |num: u32| Standing::Stale { at: BlockNum(num), age: time(100).since(time(num)) };
    let minority = Standing::MinorityFork { at: BlockNum(100) };
    let disputed = Disputed { at: BlockNum(100) };
    let a = || at("a", 100, 0);
    let cases = [
        ("all well", vec![a(), at("b", 100, 0), at("c", 100, 0)], AgreementVerdict::Agreed, vec![Sound; 3]),
        ("one a block ahead, as yet", vec![a(), at("b", 101, 0)], AgreementVerdict::Thin, vec![Sound; 2]),
        ("one dead", vec![a(), silent("b"), at("c", 100, 0)], AgreementVerdict::Agreed, vec![Sound, Silent, Sound]),
        (
            "one stale",
            vec![a(), at("b", 80, 0), at("c", 100, 0)],
            AgreementVerdict::Agreed,
            vec![Sound, stale(80), Sound],
        ),
        (
            "one on a fork",
            vec![a(), at("b", 100, 7), at("c", 100, 0)],
            AgreementVerdict::Agreed,
            vec![Sound, minority, Sound],
        ),
        ("one against one", vec![a(), at("b", 100, 7)], AgreementVerdict::Disagreement, vec![disputed; 2]),
        ("one and silence", vec![a(), silent("b")], AgreementVerdict::Thin, vec![Sound, Silent]),
        ("the only one", vec![a()], AgreementVerdict::OneVoice, vec![Sound]),
        ("two names of one", vec![a(), a()], AgreementVerdict::OneVoice, vec![Sound; 2]),
        ("two of one and silence", vec![a(), a(), silent("b")], AgreementVerdict::Thin, vec![Sound, Sound, Silent]),
        ("nobody", vec![silent("a"), silent("b")], AgreementVerdict::Blind, vec![Silent; 2]),
        (
            "one from the future",
            vec![a(), at("b", 200, 0), at("c", 100, 0)],
            AgreementVerdict::Agreed,
            vec![Sound, Standing::Future { by: Duration::from_secs(300) }, Sound],
        ),
    ];
    for (case, said, verdict, expected) in cases {
        let agreement = Scene::new().compare(time(100), &said);
        assert_eq!((agreement.verdict, standings(&agreement)), (verdict, expected), "{case}");
        assert_eq!(agreement.head.is_some(), verdict.is_good(), "{case}");
        assert_eq!(agreement.schedule.is_some(), verdict.is_good(), "{case}");
    }
}

#[test]
fn the_head_is_the_one_that_the_quorum_has_reached() {
    let mut scene = Scene::new();
    scene.compare(time(100), &[at("a", 100, 0), at("a", 100, 0), at("b", 99, 0)]);
    let agreement = scene.compare(time(101), &[at("a", 101, 0), at("a", 101, 0), at("b", 100, 0)]);
    assert_eq!(
        (agreement.verdict, agreement.head.map(|head| head.num())),
        (AgreementVerdict::Agreed, Some(BlockNum(100)))
    );
    // Two that never show the same block agree on none.
    let mut scene = Scene::new();
    for num in 100..110 {
        let agreement = scene.compare(time(num), &[at("a", num, 0), at("z", num + 1, 9)]);
        assert!(!agreement.verdict.is_good() && agreement.head.is_none(), "{agreement:?}");
    }
    // A head that is impossibly far ahead, with a time that is not.
    let mut far = at("c", 100, 0);
    far.reading.as_mut().unwrap().head.id = id(5000, 0);
    let agreement = Scene::new().compare(time(100), &[at("a", 100, 0), at("b", 100, 0), far]);
    assert_eq!(standings(&agreement)[2], Standing::Ahead { blocks: 4900 });
    assert_eq!(agreement.verdict, AgreementVerdict::Agreed);
}

#[test]
fn who_is_always_a_block_ahead_on_a_branch_of_its_own_is_found_out() {
    let mut scene = Scene::new();
    let mut round = |num| scene.compare(time(num), &[at("a", num, 0), at("b", num, 0), at("z", num + 1, 9)]);
    assert_eq!(standings(&round(100))[2], Standing::Sound, "not yet");
    assert_eq!(standings(&round(101))[2], Standing::MinorityFork { at: BlockNum(101) });
    assert_eq!(round(102).verdict, AgreementVerdict::Agreed);
}

#[test]
fn absurd_heights_wash_no_claims_away() {
    let mut scene = Scene::new();
    for num in 100..200 {
        let mut absurd = at("z", num, 0);
        absurd.reading.as_mut().unwrap().head.id = id(1_000_000 + num * 100, 3);
        let agreement = scene.compare(time(num), &[at("a", num, 0), at("b", num, 5), absurd]);
        assert_eq!(agreement.verdict, AgreementVerdict::Disagreement, "{num}: {agreement:?}");
        assert!(scene.0.claims.len() < 200);
    }
}

#[test]
fn irreversible_is_what_the_quorum_says() {
    let mut boasting = at("z", 100, 0);
    boasting.reading.as_mut().unwrap().head.irreversible = BlockNum(100);
    let modest = |operator| {
        let mut says = at(operator, 100, 0);
        says.reading.as_mut().unwrap().head.irreversible = BlockNum(85);
        says
    };
    let agreement = Scene::new().compare(time(100), &[boasting, modest("a"), modest("b")]);
    assert_eq!(agreement.irreversible, Some(BlockNum(85)));
}

#[test]
fn frozen_is_told_from_stale_and_from_a_standstill() {
    let mut scene = Scene::new();
    let mut last = None;
    for num in 100..120 {
        last = Some(scene.compare(time(num), &[at("a", num, 0), at("b", num, 0), at("z", 100, 0)]));
    }
    let frozen = Standing::Frozen { at: BlockNum(100), age: Duration::from_secs(57) };
    assert_eq!(last.map(|agreement| standings(&agreement)[2]), Some(frozen));

    let mut scene = Scene::new();
    let mut verdicts = Vec::new();
    for now in 100..120 {
        verdicts.push(scene.compare(time(now), &[at("a", 100, 0), at("b", 100, 0)]).verdict);
    }
    assert_eq!(verdicts[..6], [AgreementVerdict::Agreed; 6]);
    assert!(verdicts[6..].iter().all(|verdict| *verdict == AgreementVerdict::Standstill), "{verdicts:?}");
}

#[test]
fn a_clock_that_is_off_is_named() {
    let by = Duration::from_secs(300);
    for (off, expected) in
        [(100_i64, AgreementVerdict::ClockAhead { by }), (-100, AgreementVerdict::ClockBehind { by })]
    {
        let mut scene = Scene::new();
        let mut round = |num: u32| {
            let now = time(u32::try_from(i64::from(num) + off).unwrap());
            scene.compare(now, &[at("a", num, 0), at("b", num, 0), silent("c")])
        };
        assert_eq!(round(200).verdict, AgreementVerdict::Blind, "a halted chain would look the same");
        let agreement = round(201);
        assert_eq!(agreement.verdict, expected);
        assert_eq!(standings(&agreement), [Standing::OffClock, Standing::OffClock, Standing::Silent]);
    }
}

#[test]
fn what_is_said_of_a_witness() {
    let of = |said: &[Says]| Scene::new().compare(time(100), said).witnesses.remove(0);
    let well = |operator| at(operator, 100, 0);
    let WitnessAgreement::Agreed(state) = of(&[well("a"), well("b"), lying("z", 100)]) else { panic!("not agreed") };
    assert_eq!(state.signing_key, key(1));
    let split = |said: &[Says]| matches!(of(said), WitnessAgreement::Split(keys) if keys.len() == 2);
    assert!(split(&[well("a"), lying("z", 100)]));
    assert!(split(&[well("a"), lying("z", 100), lying("z", 100), lying("z", 100)]), "three names, one voice");
    assert!(split(&[well("a"), well("b"), lying("y", 100), lying("z", 100)]), "two against two");
    assert_eq!(of(&[well("a"), silent("b")]), WitnessAgreement::Unknown, "one is not enough");
    let none = |operator| {
        let mut says = well(operator);
        says.reading.as_mut().unwrap().witnesses[0] = None;
        says
    };
    assert_eq!(of(&[none("a"), none("b"), silent("c")]), WitnessAgreement::NoSuchWitness);
}
