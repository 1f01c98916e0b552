//! Whole nights in virtual time: a chain, nodes and endpoints that fail, and watchers that must do the right thing.
//!
//! Every night replays from its seed, which is printed when it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic, that is how it fails"
)]

mod support;

use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_engine::{
    Action, AlertEvent, Disable, Force, Mode, NodeIndex, Refusal, Severity, SwitchOutcome, Target, Verdict,
};
use support::chain::Irreversibility;
use support::endpoint::View;
use support::night::{Fault, Night};
use support::node::Condition;
use support::policy::Policy;
use support::scenario::{Scenario, Shown};

const QUIET: Scenario = Scenario {
    name: "nothing happens",
    slots: 250,
    timeline: Vec::new(),
    changes: 0,
    holder: "primary",
    must: &[],
    never: &[
        "switching",
        "missing",
        "blind",
        "halted",
        "thin",
        "split",
        "refused",
        "key-changed",
        "doubts",
        "policy-failed",
    ],
    left: &[],
};

fn node(name: &str) -> Target {
    Target::Node(name.to_owned())
}

#[test]
fn a_quiet_night() {
    QUIET.play(|_| {});
}

#[test]
fn nodes_that_fail() {
    use Condition::{Behind, Crashed, Forked, Hung, Mute, Well};
    let one = |name, condition, left| Scenario {
        name,
        timeline: vec![(10, Fault::Node(0, condition))],
        changes: 1,
        holder: "second",
        must: &["missing", "switching"],
        never: &["blind", "halted", "thin", "split", "refused", "key-changed"],
        left,
        ..QUIET
    };
    let scenarios = [
        one("the primary crashes", Crashed, &["node/primary"]),
        one("the primary hangs", Hung, &["node/primary"]),
        one("the primary falls behind", Behind, &["node/primary"]),
        one("the primary is on a fork", Forked, &["node/primary"]),
        one("the primary only looks well", Mute, &[]),
        Scenario {
            name: "the first standby is dead already",
            timeline: vec![(10, Fault::Node(1, Crashed)), (40, Fault::Node(0, Crashed))],
            changes: 1,
            holder: "third",
            must: &["missing", "switching", "node/second"],
            never: &["refused"],
            left: &["node/primary", "node/second"],
            ..QUIET
        },
        Scenario {
            name: "the first standby is forked",
            timeline: vec![(10, Fault::Node(1, Forked)), (40, Fault::Node(0, Crashed))],
            changes: 1,
            holder: "third",
            must: &["switching"],
            never: &["refused"],
            left: &["node/primary", "node/second"],
            ..QUIET
        },
        Scenario {
            name: "the first standby only looks well",
            slots: 350,
            timeline: vec![(0, Fault::Node(1, Mute)), (10, Fault::Node(0, Crashed))],
            changes: 2,
            holder: "third",
            must: &["missing", "switching"],
            never: &["refused", "key-changed"],
            left: &["node/primary"],
        },
        Scenario {
            name: "one after the other fails",
            slots: 500,
            timeline: vec![(10, Fault::Node(0, Crashed)), (200, Fault::Node(1, Hung))],
            changes: 2,
            holder: "third",
            must: &["missing", "switching"],
            never: &["refused"],
            left: &["node/primary", "node/second"],
        },
        Scenario {
            name: "all fail",
            slots: 300,
            timeline: vec![(10, Fault::Node(1, Crashed)), (12, Fault::Node(2, Hung)), (40, Fault::Node(0, Crashed))],
            changes: 0,
            holder: "primary",
            must: &["missing"],
            never: &["switching", "refused"],
            left: &["missing", "node/primary", "node/second", "node/third"],
        },
        Scenario {
            name: "the primary misses once",
            timeline: vec![(10, Fault::Skips(0, 1))],
            must: &["missing"],
            never: &["switching", "refused"],
            ..QUIET
        },
        Scenario {
            name: "the primary misses now and then",
            slots: 400,
            timeline: (0..6).map(|n| (10 + n * 60, Fault::Skips(0, 1))).collect(),
            must: &["missing"],
            never: &["switching", "refused"],
            ..QUIET
        },
        Scenario {
            name: "the primary is back before it is too late",
            timeline: vec![(10, Fault::Node(0, Crashed)), (15, Fault::Node(0, Well))],
            never: &["switching", "refused"],
            ..QUIET
        },
    ];
    for scenario in scenarios {
        scenario.play(|_| {});
    }
}

#[test]
fn the_chain_in_trouble() {
    use Fault::{Fork, Halt, OthersMissing};
    let scenarios = [
        Scenario {
            name: "the chain halts for three minutes",
            timeline: vec![(20, Halt(true)), (80, Halt(false))],
            must: &["halted"],
            never: &["switching", "missing", "blind", "refused"],
            ..QUIET
        },
        Scenario {
            name: "the chain halts for an hour",
            slots: 1500,
            timeline: vec![(20, Halt(true)), (1220, Halt(false))],
            must: &["halted"],
            never: &["switching", "missing", "blind", "refused"],
            ..QUIET
        },
        Scenario {
            name: "half of the witnesses are gone",
            slots: 400,
            timeline: vec![(20, OthersMissing(60)), (60, Fault::Node(0, Condition::Crashed)), (250, OthersMissing(0))],
            changes: 1,
            holder: "second",
            must: &["missing", "switching"],
            never: &["refused"],
            left: &["node/primary"],
        },
        Scenario {
            name: "half of the witnesses are gone, and stay away",
            slots: 300,
            timeline: vec![(20, OthersMissing(70)), (60, Fault::Node(0, Condition::Crashed))],
            never: &["switching", "refused"],
            left: &["node/primary"],
            ..QUIET
        },
        Scenario {
            name: "micro-forks",
            timeline: (1..40).map(|n| (n * 6, Fork(1 + u32::try_from(n).unwrap() % 3, true))).collect(),
            never: &["switching", "refused", "blind", "split"],
            left: &[],
            ..QUIET
        },
    ];
    for scenario in scenarios {
        scenario.play(|_| {});
    }
}

#[test]
fn endpoints_that_cannot_be_believed() {
    use Fault::{Endpoint, Endpoints};
    use View::{Ahead, Dead, Forked, Frozen, Lagging, NoWitness, Refuses, Swallows, WrongKey};
    let crash = (40, Fault::Node(0, Condition::Crashed));
    let switches = |name, view, must| Scenario {
        name,
        timeline: vec![(10, Endpoint(1, view)), crash.clone()],
        changes: 1,
        holder: "second",
        must,
        never: &["blind", "halted", "thin", "split", "refused", "key-changed", "not-taken", "no-such-witness"],
        left: if must.is_empty() { &["node/primary"] } else { &["node/primary", "doubts"] },
        ..QUIET
    };
    let holds = |name, timeline: &[(u64, Fault)], must, left| Scenario {
        name,
        timeline: [timeline, std::slice::from_ref(&crash)].concat(),
        must,
        never: &["switching", "missing", "key-changed", "foreign-key"],
        left,
        ..QUIET
    };
    let scenarios = [
        switches("one is dead", Dead, &["doubts"]),
        switches("one stands still", Frozen, &["doubts"]),
        switches("one is on a fork", Forked(1), &["doubts"]),
        switches("one is a block ahead", Ahead(1), &["doubts"]),
        switches("one is three blocks ahead", Ahead(3), &["doubts"]),
        switches("one lags", Lagging(1), &[]),
        switches("one lies about the key", WrongKey, &[]),
        switches("one knows no such witness", NoWitness, &[]),
        switches("one swallows transactions", Swallows, &[]),
        switches("one refuses transactions", Refuses, &[]),
        holds("all stand still", &[(10, Endpoints(Frozen))], &["halted"], &["halted", "node/primary"]),
        holds("all die", &[(10, Endpoints(Dead))], &["blind"], &["blind", "node/primary"]),
        holds("two die", &[(10, Endpoint(0, Dead)), (10, Endpoint(1, Dead))], &["thin"], &["thin", "node/primary"]),
        holds(
            "one dies, one is on a fork",
            &[(10, Endpoint(0, Dead)), (10, Endpoint(1, Forked(1)))],
            &["split"],
            &["split", "node/primary"],
        ),
        holds(
            "one dies, one is ahead",
            &[(10, Endpoint(0, Dead)), (10, Endpoint(1, Ahead(2)))],
            &["split"],
            &["split", "node/primary"],
        ),
        holds(
            "two are on forks of their own",
            &[(10, Endpoint(0, Forked(1))), (10, Endpoint(1, Forked(2)))],
            &["split"],
            &["split", "node/primary"],
        ),
        Scenario {
            name: "all dead from the start, and then not",
            timeline: vec![
                (0, Endpoints(Dead)),
                (60, Endpoints(View::Well)),
                (100, Fault::Node(0, Condition::Crashed)),
            ],
            changes: 1,
            holder: "second",
            must: &["blind", "switching"],
            never: &["refused"],
            left: &["node/primary"],
            ..QUIET
        },
    ];
    for scenario in scenarios {
        scenario.play(|_| {});
    }
}

#[test]
fn blindness_pages_at_once() {
    let mut night = Night::hive(1);
    night.watch(&[700], 1);
    night.run(1, &[(0, Fault::Endpoints(View::Dead))]);
    let first = &night.watchers[0].said[0];
    assert_eq!((first.event, first.severity), (AlertEvent::Opened, Severity::Page));
    assert!(first.key.0.ends_with("/blind"), "{first:?}");
}

#[test]
fn an_operator_at_work() {
    use Fault::{Manual, WalletForeign, WalletNode, WalletNull};
    let scenarios = [
        Scenario {
            name: "the key moves to a configured node by hand",
            timeline: vec![(20, WalletNode(2))],
            changes: 1,
            holder: "third",
            must: &["key-changed"],
            never: &["switching", "missing", "refused"],
            ..QUIET
        },
        Scenario {
            name: "the key moves by hand and back",
            timeline: vec![(20, WalletNode(2)), (24, WalletNode(0))],
            changes: 2,
            must: &["key-changed"],
            never: &["switching", "missing", "refused"],
            ..QUIET
        },
        Scenario {
            name: "the key moves to a stranger",
            timeline: vec![(20, WalletForeign), (60, Fault::Node(0, Condition::Crashed))],
            changes: 1,
            holder: "a stranger",
            must: &["foreign-key"],
            never: &["switching", "missing", "refused"],
            left: &["foreign-key", "node/primary"],
            ..QUIET
        },
        Scenario {
            name: "the witness is disabled by hand",
            timeline: vec![(20, WalletNull)],
            changes: 1,
            holder: "nobody",
            must: &["disabled"],
            never: &["switching", "missing", "refused"],
            left: &["disabled"],
            ..QUIET
        },
        Scenario {
            name: "a stranger, then nobody, then a node",
            slots: 400,
            timeline: vec![(20, WalletForeign), (40, WalletNull), (100, WalletNode(1))],
            changes: 3,
            holder: "second",
            must: &["disabled", "foreign-key", "key-changed"],
            never: &["switching", "missing", "refused"],
            left: &[],
        },
        Scenario {
            name: "a hand helps while the primary is down",
            timeline: vec![(20, Fault::Skips(0, 1)), (80, WalletNode(2)), (81, Fault::Node(0, Condition::Crashed))],
            changes: 1,
            holder: "third",
            must: &["key-changed"],
            never: &["switching", "refused"],
            left: &["node/primary"],
            ..QUIET
        },
        Scenario {
            name: "a switch by hand",
            // Forced, for the own slot may be near in one of the chains.
            timeline: vec![(30, Manual(node("third"), Force::Yes))],
            changes: 1,
            holder: "third",
            must: &["switching"],
            never: &["refused", "key-changed"],
            ..QUIET
        },
        Scenario {
            name: "a switch by hand to where the key is, to nobody and to a stranger",
            timeline: vec![
                (30, Manual(node("primary"), Force::Yes)),
                (31, Manual(node("fourth"), Force::Yes)),
                (32, Manual(Target::Disabled, Force::Yes)),
                (33, Manual(Target::Foreign, Force::Yes)),
            ],
            never: &["switching", "refused"],
            ..QUIET
        },
    ];
    for scenario in scenarios {
        scenario.play(|_| {});
    }
}

#[test]
fn policies_that_go_wrong() {
    let wants = |name, action, must| Scenario {
        name,
        timeline: vec![(10, Fault::Policy(Policy::Stubborn(action)))],
        must,
        never: &["switching", "policy-failed"],
        left: &["refused"],
        ..QUIET
    };
    let scenarios = [
        Scenario {
            name: "the policy fails, and works again",
            timeline: vec![
                (10, Fault::Policy(Policy::Broken)),
                (20, Fault::Node(0, Condition::Crashed)),
                (100, Fault::Policy(Policy::Threshold(2))),
            ],
            changes: 1,
            holder: "second",
            must: &["policy-failed", "switching"],
            never: &["refused"],
            left: &["node/primary"],
            ..QUIET
        },
        wants("the policy wants the present node", Action::SwitchTo(NodeIndex(0)), &["refused/already-there"]),
        wants("the policy wants a node that is none", Action::SwitchTo(NodeIndex(9)), &["refused/no-such-node"]),
        wants("the policy wants a switch for no reason", Action::SwitchTo(NodeIndex(1)), &["refused/verdict"]),
        wants("the policy wants the null key", Action::Disable, &["refused/disable-not-allowed"]),
    ];
    for scenario in scenarios {
        scenario.play(|_| {});
    }
}

#[test]
fn modes_and_pauses() {
    let crash = (20, Fault::Node(0, Condition::Crashed));
    let observing = Scenario {
        name: "observing",
        timeline: vec![crash.clone()],
        must: &["missing", "refused/observing"],
        never: &["switching"],
        left: &["missing", "refused/observing", "node/primary"],
        ..QUIET
    };
    observing.play(|watcher| watcher.config.mode = Mode::Observe);
    let pause = Scenario {
        name: "a pause that ends by itself",
        slots: 350,
        timeline: vec![(10, Fault::Pause(150)), crash.clone()],
        changes: 1,
        holder: "second",
        must: &["missing", "refused/paused", "switching"],
        never: &[],
        left: &["node/primary"],
    };
    pause.play(|_| {});
    let resumed = Scenario {
        name: "a pause that is ended",
        timeline: vec![(10, Fault::Pause(100_000)), crash, (150, Fault::Resume)],
        ..pause
    };
    resumed.play(|_| {});
}

#[test]
fn disabling_where_it_is_allowed() {
    let scenario = Scenario {
        name: "the policy disables the witness",
        timeline: vec![
            (20, Fault::Node(0, Condition::Crashed)),
            (20, Fault::Policy(Policy::Stubborn(Action::Disable))),
            (150, Fault::Policy(Policy::Threshold(2))),
        ],
        changes: 1,
        holder: "nobody",
        must: &["missing", "switching", "disabled"],
        never: &["key-changed"],
        left: &["disabled", "node/primary"],
        ..QUIET
    };
    scenario.play(|watcher| watcher.config.rails.disable = Disable::Allowed);
}
