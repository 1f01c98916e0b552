//! The rule, situation by situation.

use dogwatch_sdk::policy::{
    Action, Health, Holder, Origin, Outcome, OwnSlot, PastSwitch, Severity, Succession, SwitchOutcome, Verdict,
    WhenExhausted,
};
use dogwatch_sdk::testing::{own_slot, situation, time_of};

use super::*;

const CONFIG: Config =
    Config { misses: 2, succession: Succession { window_rounds: 10, when_exhausted: WhenExhausted::Page } };
const DISABLES: Config =
    Config { succession: Succession { when_exhausted: WhenExhausted::Disable, ..CONFIG.succession }, ..CONFIG };

/// Own slots, one a round, the last just behind the head: `+` produced, `-` missed, `o` missed by the whole chain. A
/// letter sets the holder of the slots after it: `a` is node 0 and the first holder, `f` is a foreign key.
fn slots(text: &str) -> Vec<OwnSlot> {
    let mut holder = Holder::Node(0);
    let mut outcomes = Vec::new();
    for letter in text.chars() {
        let outcome = match letter {
            'a' | 'b' | 'c' => {
                holder = Holder::Node(u32::from(letter) - u32::from('a'));
                continue;
            }
            'f' => {
                holder = Holder::Foreign;
                continue;
            }
            '+' => Outcome::Produced,
            '-' => Outcome::Missed,
            'o' => Outcome::ChainWide,
            _ => panic!("unknown letter {letter}"),
        };
        outcomes.push((outcome, holder));
    }
    let first = 9_999 - 21 * (outcomes.len() as u64 - 1);
    (0..).zip(outcomes).map(|(n, (outcome, holder))| own_slot(first + 21 * n, outcome, holder)).collect()
}

fn failing(text: &str) -> Situation {
    Situation { verdict: Verdict::Me, slots: slots(text), ..situation(["a", "b", "c"]) }
}

fn away_from(node: u32, rounds_ago: u64) -> PastSwitch {
    PastSwitch {
        at: time_of(10_000 - 21 * rounds_ago),
        from: Holder::Node(node),
        to: Holder::Node(0),
        outcome: SwitchOutcome::Applied,
        origin: Origin::Policy,
    }
}

fn action(situation: &Situation) -> Action {
    decide(&CONFIG, situation, &[]).action
}

#[test]
fn counts_misses_in_a_row() {
    let b = Action::SwitchTo(1);
    let cases = [
        ("++++", Action::Stay),
        ("+++-", Action::Stay),
        ("++--", b),
        ("----", b),
        ("--+-", Action::Stay),
        ("-+-+", Action::Stay),
        ("--++", Action::Stay),
        // What the whole chain missed neither counts nor resets.
        ("+-o-", b),
        ("+-oo", Action::Stay),
        ("oooo", Action::Stay),
        ("--oo", b),
        // Misses of another holder are not this node's; who missed its own last slot comes last.
        ("b--a-", Action::Stay),
        ("b--a--", Action::SwitchTo(2)),
        ("-b+a-", Action::Stay),
        ("-f-a-", Action::Stay),
        ("a--b-", Action::Stay),
    ];
    for (text, expected) in cases {
        assert_eq!(action(&failing(text)), expected, "{text}");
    }
    assert_eq!(action(&Situation { slots: Vec::new(), ..failing("-") }), Action::Stay);
}

#[test]
fn the_number_is_the_operators() {
    for misses in 1..=5 {
        let config = Config { misses, ..CONFIG };
        for (text, missed) in [("+", 0), ("+-", 1), ("+--", 2), ("+---", 3), ("+----", 4), ("+-----", 5)] {
            let expected = if missed >= misses { Action::SwitchTo(1) } else { Action::Stay };
            assert_eq!(decide(&config, &failing(text), &[]).action, expected, "{text} {misses}");
        }
    }
}

/// A backup witness has one slot in many rounds.
#[test]
fn misses_count_however_far_apart_they_are() {
    let mut situation = failing("--");
    situation.slots[0].slot = 10_000 - 21 * 400;
    assert_eq!(action(&situation), Action::SwitchTo(1));
    situation.slots[0].outcome = Outcome::Produced;
    assert_eq!(action(&situation), Action::Stay);
}

#[test]
fn misses_before_the_present_key_do_not_count() {
    let mut situation = failing("---");
    situation.holder_since = Some(situation.slots[1].slot);
    assert_eq!(action(&situation), Action::SwitchTo(1));
    situation.holder_since = Some(situation.slots[1].slot + 1);
    assert_eq!(action(&situation), Action::Stay);
}

#[test]
fn stays_when_the_node_is_not_to_blame() {
    let failing = failing("+---");
    let cases = [
        (Situation { verdict: Verdict::Chain, ..failing.clone() }, "chain itself"),
        (Situation { verdict: Verdict::CannotTell, ..failing.clone() }, "too poor"),
        (Situation { verdict: Verdict::Fine, ..failing.clone() }, "nothing is wrong"),
        (Situation { switching: true, ..failing.clone() }, "under way"),
        (Situation { holder: Holder::Foreign, ..failing.clone() }, "operator"),
        (Situation { holder: Holder::Disabled, ..failing.clone() }, "disabled"),
    ];
    for (situation, why) in cases {
        let decision = decide(&DISABLES, &situation, &[]);
        assert_eq!(decision.action, Action::Stay, "{why}");
        assert!(decision.reason.contains(why), "{}", decision.reason);
        assert_eq!(decision.alerts, [], "{why}");
    }
}

#[test]
fn takes_the_first_fit_node_in_the_operators_order() {
    let mut situation = failing("+--");
    situation.nodes[1].eligible = false;
    situation.nodes[1].health = Health::Unhealthy;
    assert_eq!(action(&situation), Action::SwitchTo(2));
    // From the last node back to the first.
    let situation = failing("c--");
    assert_eq!(action(&Situation { holder: Holder::Node(2), ..situation }), Action::SwitchTo(0));
}

#[test]
fn a_node_that_failed_lately_comes_last() {
    let mut situation = failing("+--");
    situation.switches = vec![away_from(1, 9)];
    assert_eq!(action(&situation), Action::SwitchTo(2));
    situation.switches = vec![away_from(1, 11)];
    assert_eq!(action(&situation), Action::SwitchTo(1), "long ago");
    for outcome in [SwitchOutcome::Failed, SwitchOutcome::Pending, SwitchOutcome::Overtaken] {
        situation.switches = vec![PastSwitch { outcome, ..away_from(1, 9) }];
        assert_eq!(action(&situation), Action::SwitchTo(1), "{outcome:?}");
    }
    situation.switches = Vec::new();
    // Its misses under the key count as well, whoever moved it, and until it produces again.
    let away = |text: &str| Situation { holder: Holder::Node(0), ..failing(text) };
    assert_eq!(action(&away("b-a--")), Action::SwitchTo(2), "b missed its last slot");
    assert_eq!(action(&away("b-+a--")), Action::SwitchTo(1), "b has produced since");
    assert_eq!(action(&away("b-oa--")), Action::SwitchTo(2), "the chain missed a slot too");
    let mut old = away("b-a--");
    old.slots[0].slot = 10_000 - 211;
    assert_eq!(action(&old), Action::SwitchTo(1), "b missed it long ago");
    // So does another witness's slot that it has missed since its last block.
    let missed_for_others = |slot| {
        let mut situation = failing("+--");
        situation.nodes[1].missed_for_others = Some(slot);
        situation
    };
    assert_eq!(action(&missed_for_others(10_000)), Action::SwitchTo(2), "b missed it lately");
    assert_eq!(action(&missed_for_others(10_000 - 211)), Action::SwitchTo(1), "b missed it long ago");
    // Better a node that failed than none.
    situation.switches = vec![away_from(1, 9), away_from(2, 5)];
    let decision = decide(&CONFIG, &situation, &[]);
    assert_eq!(decision.action, Action::SwitchTo(1));
    assert!(decision.reason.contains("b failed within the last 10 rounds too"), "{}", decision.reason);
}

#[test]
fn pages_when_nothing_is_left_and_disables_only_if_asked() {
    let mut situation = failing("+--");
    for node in &mut situation.nodes {
        node.eligible = false;
    }
    for (config, expected) in [(CONFIG, Action::Stay), (DISABLES, Action::Disable)] {
        let decision = decide(&config, &situation, &[]);
        assert_eq!(decision.action, expected);
        let [alert] = decision.alerts.as_slice() else { panic!("one alert") };
        assert_eq!((alert.id.as_str(), alert.severity), ("no-standby", Severity::Page));
        assert!(alert.summary.contains("no healthy standby for alice"), "{}", alert.summary);
    }
    // The present node's own fitness does not help it.
    situation.nodes[0].eligible = true;
    assert_eq!(decide(&DISABLES, &situation, &[]).action, Action::Disable);
}

#[test]
fn reasons_carry_numbers() {
    let reason = decide(&CONFIG, &failing("+---"), &[]).reason;
    assert_eq!(reason, "a missed 3 slots in a row (9957 to 9999); b is the next fit node");
    let reason = decide(&CONFIG, &failing("+-"), &[]).reason;
    assert_eq!(reason, "a missed 1 slot (9999); it takes 2 in a row to switch");
    let mut situation = failing("+--");
    situation.nodes.truncate(1);
    let reason = decide(&CONFIG, &situation, &[]).reason;
    assert_eq!(reason, "a missed 2 slots in a row (9978 to 9999); there is no other node; the key stays where it is");
}

#[test]
fn hands_back_the_memory_it_was_given() {
    assert_eq!(decide(&CONFIG, &failing("+--"), b"x").memory, b"x");
}

#[test]
fn absurd_numbers_do_no_harm() {
    let mut situation = failing("--");
    situation.round_length = u32::MAX;
    situation.block_interval = u64::MAX;
    situation.now = i64::MIN;
    situation.holder = Holder::Node(u32::MAX);
    let succession = Succession { window_rounds: u32::MAX, ..DISABLES.succession };
    let config = Config { misses: u32::MAX, succession };
    assert_eq!(decide(&config, &situation, &[]).action, Action::Stay);
}

#[test]
fn settings_are_checked() {
    use dogwatch_sdk::testing::problems;
    assert_eq!(problems::<crate::Threshold>(&[]), []);
    assert_eq!(problems::<crate::Threshold>(&[("misses", 0.into())]).len(), 1);
    assert_eq!(problems::<crate::Threshold>(&[("misses", 51.into())]).len(), 1);
    assert_eq!(
        problems::<crate::Threshold>(&[("window-round", 3.into())])[0].message,
        "no such setting; did you mean window-rounds?"
    );
}

#[test]
fn waits_for_the_first_probes_of_a_better_node() {
    let unprobed = |situation: &mut Situation, index: usize, health_for: u64| {
        let node = &mut situation.nodes[index];
        (node.health, node.eligible, node.health_for) = (Health::Unknown, false, health_for);
    };
    let slot = failing("--").block_interval;
    let cases = [
        (1, 0, Action::Stay),
        (1, 5 * slot, Action::Stay),
        // Still unknown by then: it has no probe or does not answer, so take the next one.
        (1, 6 * slot, Action::SwitchTo(2)),
        // A worse node is not waited for.
        (2, 0, Action::SwitchTo(1)),
        // Nor is the one that fails.
        (0, 0, Action::SwitchTo(1)),
    ];
    for (index, health_for, expected) in cases {
        let mut situation = failing("--");
        unprobed(&mut situation, index, health_for);
        assert_eq!(action(&situation), expected, "node {index} unknown for {health_for} ms");
    }
    let mut none = failing("--");
    unprobed(&mut none, 1, slot);
    unprobed(&mut none, 2, slot);
    let decision = decide(&CONFIG, &none, &[]);
    assert_eq!(decision.action, Action::Stay);
    assert!(decision.alerts.is_empty(), "too early for a page");
    assert_eq!(decision.ask_again, Some(slot));
}
