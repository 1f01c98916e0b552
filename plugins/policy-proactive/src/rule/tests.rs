//! The rule, situation by situation.

use dogwatch_sdk::policy::{Evidence, Holder, NextSlot, Outcome, Source, Succession, Verdict, WhenExhausted};
use dogwatch_sdk::testing::{own_slot, situation};

use super::*;

const CONFIG: Config = Config {
    misses: 2,
    misses_when_unfit: 1,
    slots_ahead: 10,
    succession: Succession { window_rounds: 10, when_exhausted: WhenExhausted::Page },
};

/// Node `a` holds the key and has missed so many slots in a row; its probes say this, and its tripwire perhaps that.
fn failing(misses: usize, health: Health, grades: &[(Source, Grade)]) -> Situation {
    let mut situation = situation(["a", "b", "c"]);
    situation.verdict = Verdict::Me;
    situation.slots = (9_900..).take(misses).map(|slot| own_slot(slot, Outcome::Missed, Holder::Node(0))).collect();
    let node = situation.nodes.first_mut().unwrap();
    (node.health, node.eligible) = (health, health == Health::Healthy);
    node.evidence =
        grades.iter().map(|(source, grade)| Evidence { source: *source, grade: *grade, lasts: 0 }).collect();
    situation
}

fn gone(misses: usize) -> Situation {
    failing(misses, Health::Unhealthy, &[(Source::Tripwire, Grade::Gone), (Source::Probe, Grade::Good)])
}

fn action(situation: &Situation) -> Action {
    decide(&CONFIG, situation, &[]).action
}

#[test]
fn the_better_the_evidence_the_fewer_the_misses() {
    let silent = [(Source::Probe, Grade::Silent)];
    let cases = [
        (gone(0), Action::SwitchTo(1)),
        (failing(0, Health::Unhealthy, &[(Source::Beat, Grade::Gone)]), Action::SwitchTo(1)),
        (failing(0, Health::Unhealthy, &[(Source::Beat, Grade::Stalled)]), Action::SwitchTo(1)),
        (failing(0, Health::Healthy, &[(Source::Beat, Grade::Silent)]), Action::Stay),
        (failing(0, Health::Unhealthy, &[(Source::Probe, Grade::Behind)]), Action::SwitchTo(1)),
        (failing(0, Health::Healthy, &[(Source::Probe, Grade::Behind)]), Action::Stay),
        (failing(0, Health::Unhealthy, &[(Source::Probe, Grade::Unfit)]), Action::Stay),
        (failing(0, Health::Unhealthy, &silent), Action::Stay),
        (failing(1, Health::Unhealthy, &silent), Action::SwitchTo(1)),
        (failing(1, Health::Unknown, &[]), Action::Stay),
        (failing(1, Health::Healthy, &silent), Action::Stay),
        (failing(2, Health::Healthy, &[]), Action::SwitchTo(1)),
    ];
    for (situation, expected) in cases {
        let decision = decide(&CONFIG, &situation, &[]);
        assert_eq!(decision.action, expected, "{}", decision.reason);
    }
    let patient = Config { misses: 5, misses_when_unfit: 9, ..CONFIG };
    let silent = |misses| decide(&patient, &failing(misses, Health::Unhealthy, &silent), &[]).action;
    assert_eq!((silent(4), silent(5)), (Action::Stay, Action::SwitchTo(1)), "suspicion never asks for more");
}

#[test]
fn a_dead_node_is_no_reason_while_the_host_does_not_blame_it() {
    for verdict in [Verdict::Fine, Verdict::Chain, Verdict::CannotTell] {
        assert_eq!(action(&Situation { verdict, ..gone(3) }), Action::Stay);
    }
    assert_eq!(action(&Situation { switching: true, ..gone(0) }), Action::Stay);
    assert_eq!(action(&Situation { holder: Holder::Disabled, ..gone(0) }), Action::Stay);
    assert_eq!(action(&Situation { holder: Holder::Foreign, ..gone(0) }), Action::Stay);
}

#[test]
fn a_dead_node_without_a_standby_is_a_page_before_a_slot_is_lost() {
    let mut situation = gone(0);
    for node in &mut situation.nodes {
        node.eligible = false;
    }
    let decision = decide(&CONFIG, &situation, &[]);
    assert_eq!(decision.action, Action::Stay);
    let expected = "no healthy standby for alice: a missed no slot since its last block, and its process has ended; none of \
                    the other 2 nodes is fit";
    assert_eq!(decision.alerts.iter().map(|alert| alert.summary.as_str()).collect::<Vec<_>>(), [expected]);
    let succession = Succession { when_exhausted: WhenExhausted::Disable, ..CONFIG.succession };
    let disables = Config { succession, ..CONFIG };
    assert_eq!(decide(&disables, &situation, &[]).action, Action::Disable);
}

#[test]
fn the_best_standby_is_worth_a_moment() {
    let mut situation = gone(0);
    let node = &mut situation.nodes[1];
    (node.health, node.eligible, node.health_for) = (Health::Unknown, false, 3_000);
    let decision = decide(&CONFIG, &situation, &[]);
    assert_eq!((decision.action, decision.ask_again), (Action::Stay, Some(3_000)), "{}", decision.reason);
    situation.nodes[1].health_for = 60_000;
    assert_eq!(action(&situation), Action::SwitchTo(2));
}

/// A miss or two may have a reason that passes: while the next own slot is far off, a switch can wait and a proof cannot.
#[test]
fn without_proof_it_waits_while_that_costs_nothing() {
    let in_slots = |slots: u64| NextSlot { slot: 10_000 + slots, starts_in: slots * 3_000 };
    let missed = |next: Option<u64>, unscheduled: Option<u64>| Situation {
        next_slots: next.map(in_slots).into_iter().collect(),
        unscheduled: unscheduled.map(in_slots),
        ..failing(2, Health::Healthy, &[])
    };
    for (next, unscheduled, waits) in [
        (Some(15), Some(30), Some(15_000)),
        (Some(11), Some(30), Some(3_000)),
        (Some(10), Some(30), None),
        (None, Some(30), None),
        (None, None, None),
    ] {
        let decision = decide(&CONFIG, &missed(next, unscheduled), &[]);
        let action = if waits.is_some() { Action::Stay } else { Action::SwitchTo(1) };
        assert_eq!(
            (decision.action, decision.ask_again),
            (action, waits),
            "{next:?} {unscheduled:?}: {}",
            decision.reason
        );
    }
    let proven = Situation { next_slots: vec![in_slots(15)], ..gone(0) };
    assert_eq!(action(&proven), Action::SwitchTo(1));
    let behind = failing(0, Health::Unhealthy, &[(Source::Probe, Grade::Behind)]);
    let behind = |slots| Situation { next_slots: vec![in_slots(slots)], ..behind.clone() };
    assert_eq!((action(&behind(15)), action(&behind(10))), (Action::Stay, Action::SwitchTo(1)), "it may catch up");
    let mut nobody = missed(Some(15), Some(30));
    nobody.nodes.iter_mut().for_each(|node| node.eligible = false);
    assert_eq!(decide(&CONFIG, &nobody, &[]).alerts.len(), 1, "that no standby is fit is told at once");
}

#[test]
fn reasons_tell_what_was_seen() {
    let reason = |situation: &Situation| decide(&CONFIG, situation, &[]).reason;
    assert_eq!(
        reason(&gone(0)),
        "a missed no slot since its last block, and its process has ended; b is the next fit node"
    );
    assert_eq!(
        reason(&failing(1, Health::Healthy, &[])),
        "a missed 1 slot (9900), and its probes are good; it takes 2 in a row to switch"
    );
}
