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
    Action, AlertEvent, Disable, Force, Mode, NodeIndex, Refusal, Severity, SlotOutcome, SwitchOutcome, Target,
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
            timeline: vec![(20, OthersMissing(45)), (60, Fault::Node(0, Condition::Crashed)), (250, OthersMissing(0))],
            changes: 1,
            holder: "second",
            must: &["missing", "switching", "low-participation"],
            never: &["refused"],
            left: &["node/primary"],
        },
        Scenario {
            name: "half of the witnesses are gone, and stay away",
            slots: 300,
            timeline: vec![(20, OthersMissing(45)), (140, Fault::Node(0, Condition::Crashed))],
            must: &["low-participation"],
            never: &["switching", "missing", "refused"],
            left: &["node/primary", "low-participation"],
            ..QUIET
        },
    ];
    for scenario in scenarios {
        scenario.play(|watcher| watcher.config.rails.min_participation = 100);
    }
    let forks = Scenario {
        name: "micro-forks",
        timeline: (1..22).map(|n| (n * 11, Fork(1 + u32::try_from(n).unwrap() % 2, true))).collect(),
        never: &["switching", "refused", "blind", "split"],
        left: &[],
        ..QUIET
    };
    forks.play(|watcher| watcher.policy = Policy::Threshold(3));
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
    let armed = Scenario {
        name: "observing, and then armed",
        timeline: vec![crash.clone(), (120, Fault::Mode(Mode::Armed)), (120, Fault::Die(2))],
        changes: 1,
        holder: "second",
        must: &["refused/observing", "switching"],
        never: &[],
        left: &["node/primary"],
        ..QUIET
    };
    armed.play(|watcher| watcher.config.mode = Mode::Observe);
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
fn observing_says_only_that_it_observes() {
    let mut near = 0;
    for seed in 0..6 {
        let _shown = Shown(&format!("observing, seed {seed}"));
        let mut night = if seed % 2 == 0 { Night::hive(seed) } else { Night::steem(seed) };
        night.watch(&[700, 2200], seed).config.mode = Mode::Observe;
        night.run(400, &[(20, Fault::Node(0, Condition::Crashed))]);
        let watcher = &night.watchers[0];
        let refused: Vec<_> = watcher.said.iter().filter(|alert| alert.key.0.contains("/refused/")).collect();
        assert!(refused.iter().all(|alert| alert.key.0.ends_with("/observing")), "{refused:?}");
        let opened = refused.iter().filter(|alert| alert.event == AlertEvent::Opened).count();
        assert_eq!(opened, 1, "it does not flap: {refused:?}");
        near += watcher.records.iter().filter(|record| record.outcome.contains("own-slot-near")).count();
    }
    assert!(near > 0, "the records list it all the same");
}

#[test]
fn a_split_key_pages_only_when_it_lasts() {
    for (slots, pages) in [(6, false), (60, true)] {
        for seed in 0..4 {
            let _shown = Shown(&format!("a split key for {slots} slots, seed {seed}"));
            let mut night = Night::hive(seed);
            night.watch(&[700, 2200], seed);
            night.run(12, &[(10, Fault::Node(0, Condition::Crashed))]);
            // From the second miss on, which is when the policy wants to switch, the key is split.
            while night.watchers[0].alerts("missing").is_empty() {
                night.next();
            }
            night.apply(&Fault::Endpoint(0, View::Dead));
            night.apply(&Fault::Endpoint(1, View::WrongKey));
            let wants =
                |night: &Night| night.watchers[0].records.iter().any(|record| record.outcome.contains("key-split"));
            while !wants(&night) {
                night.next();
            }
            let since = night.world.chain.time(night.slot);
            night.run(slots, &[]);
            night.apply(&Fault::Endpoint(0, View::Well));
            night.apply(&Fault::Endpoint(1, View::Well));
            night.run(120, &[]);
            assert_eq!((night.changes(), night.holder()), (1, "second"));
            let watcher = &night.watchers[0];
            let split = watcher.alerts("refused/key-split");
            assert_eq!(!split.is_empty(), pages, "{split:?}");
            if let Some(first) = split.first() {
                assert_eq!((first.event, first.severity), (AlertEvent::Opened, Severity::Page));
                let stood = first.at.since(since);
                assert!(stood >= watcher.config.expiration && stood < Duration::from_secs(40), "{stood:?}");
                assert_eq!(split.last().unwrap().event, AlertEvent::Resolved);
            }
        }
    }
}

/// A night up to the moment in which the first switch is under way, and nothing has come of it.
fn under_way(seed: u64, delay: u64, view: View) -> Night {
    let mut night = Night::hive(seed);
    night.watch(&[700, 2200], seed).delay = delay;
    night.run(20, &[(10, Fault::Endpoints(view)), (15, Fault::Node(0, Condition::Crashed))]);
    while night.watchers[0].state().in_flight.is_none() {
        night.next();
    }
    night
}

fn restart(night: &mut Night, mode: Mode) {
    let fault = Fault::Mode(mode);
    night.run(1, &[(0, fault), (0, Fault::Die(1))]);
}

#[test]
fn observing_sends_nothing_more() {
    for seed in 0..4 {
        // Nobody but us ever had the bytes; or they are out, and take effect a few slots later.
        for (delay, view, changes, holder) in [(1, View::Swallows, 0, "primary"), (6, View::Well, 1, "second")] {
            let _shown = Shown(&format!("held, seed {seed}, delay {delay}"));
            let mut night = under_way(seed, delay, view);
            let sent = night.watchers[0].sent.len();
            restart(&mut night, Mode::Observe);
            night.run(150, &[]);
            let watcher = &night.watchers[0];
            assert_eq!(watcher.sent.len(), sent, "sent again in observe mode");
            assert_eq!((night.changes(), night.holder()), (changes, holder));
            assert_eq!(watcher.state().in_flight, None);
            let held = watcher.alerts("in-flight-held");
            let events: Vec<_> = held.iter().map(|alert| (alert.event, alert.severity)).collect();
            let expected = [(AlertEvent::Opened, Severity::Critical), (AlertEvent::Resolved, Severity::Critical)];
            assert_eq!(events, expected, "{held:?}");
            assert!(held[0].details.contains("may still get into a block"), "{:?}", held[0]);
        }

        // It is said once, however often it starts; armed again, it goes on.
        let _shown = Shown(&format!("held and armed again, seed {seed}"));
        let mut night = under_way(seed, 1, View::Swallows);
        let sent = night.watchers[0].sent.len();
        restart(&mut night, Mode::Observe);
        night.run(1, &[]);
        restart(&mut night, Mode::Observe);
        night.run(1, &[]);
        assert_eq!(night.watchers[0].alerts("in-flight-held").len(), 1);
        restart(&mut night, Mode::Armed);
        night.run(2, &[]);
        let watcher = &night.watchers[0];
        assert!(watcher.sent.len() > sent && watcher.sent.iter().all(|again| again.id == watcher.sent[0].id));
        assert_eq!(watcher.alerts("in-flight-held").last().unwrap().event, AlertEvent::Resolved);
    }
}

#[test]
fn what_is_forced_while_observing_is_carried_through() {
    let mut night = Night::hive(1);
    night.watch(&[700, 2200], 1).config.mode = Mode::Observe;
    night.run(20, &[(5, Fault::Endpoints(View::Swallows)), (15, Fault::Manual(node("third"), Force::Yes))]);
    night.run(10, &[(0, Fault::Endpoints(View::Well))]);
    let watcher = &night.watchers[0];
    assert!(watcher.answers[0].is_ok() && watcher.sent.len() > 1, "{:?}", watcher.answers);
    assert_eq!((night.changes(), night.holder()), (1, "third"));
    assert!(watcher.alerts("in-flight-held").is_empty());
}

#[test]
fn severities_never_go_down() {
    // A failed switch pages, the next one under the same alert is only critical: who was woken hears of its end.
    let mut night = Night::hive(1);
    night.watch(&[700, 2200], 1);
    let crash = (20, Fault::Node(0, Condition::Crashed));
    night.run(300, &[(10, Fault::Endpoints(View::Swallows)), crash, (150, Fault::Endpoints(View::Well))]);
    let said = night.watchers[0].alerts("switching");
    let paged = said.iter().position(|alert| alert.severity == Severity::Page).unwrap();
    assert!(said[..paged].iter().all(|alert| alert.severity == Severity::Critical));
    assert!(said[paged..].iter().all(|alert| alert.severity == Severity::Page), "{said:?}");
    assert_eq!(said.last().unwrap().event, AlertEvent::Resolved);
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
        never: &["key-changed", "refused/under-way"],
        left: &["disabled", "node/primary"],
        ..QUIET
    };
    scenario.play(|watcher| watcher.config.rails.disable = Disable::Allowed);
}

#[test]
fn two_sites() {
    for seed in 0..8 {
        for hive in [true, false] {
            let _shown = Shown(&format!("two sites, seed {seed}, hive {hive}"));
            let mut night = if hive { Night::hive(seed) } else { Night::steem(seed) };
            night.watch(&[700, 2200], 1);
            // Sees the same a moment later, when the first swap is still on its way.
            night.watch(&[701 + 20 * seed, 2201], 2).delay = 1;
            // Clocks of different sites differ; so do their transactions, then.
            night.watchers[1].config.expiration = Duration::from_secs(33);
            night.world.chain.slow_gossip = true;
            night.run(300, &[(10, Fault::Node(0, Condition::Crashed))]);
            assert_eq!((night.changes(), night.holder()), (1, "second"));
            let outcomes: Vec<SwitchOutcome> = night
                .watchers
                .iter()
                .flat_map(|watcher| watcher.state().switches.into_iter().map(|record| record.outcome))
                .collect();
            let applied = outcomes.iter().filter(|outcome| **outcome == SwitchOutcome::Applied).count();
            assert_eq!(applied, 1, "{outcomes:?}");
            assert_eq!(outcomes, [SwitchOutcome::Applied, SwitchOutcome::Overtaken], "both tried");
            assert_eq!(night.watchers[1].state().in_flight, None);
            assert!(night.watchers.iter().all(|watcher| watcher.alerts("missing").len() > 1));
        }
    }
}

#[test]
fn swaps_that_get_lost() {
    use Fault::{DieAfterSend, Endpoints, ForkSwap, Node};
    let crash = (20, Node(0, Condition::Crashed));
    let failed = |watcher: &support::watcher::Watcher| {
        watcher.state().switches.iter().filter(|record| record.outcome == SwitchOutcome::Failed).count()
    };
    for seed in 0..6 {
        let _shown = Shown(&format!("lost swaps, seed {seed}"));
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed);
        night.run(250, &[(10, Endpoints(View::Swallows)), crash.clone(), (150, Endpoints(View::Well))]);
        let watcher = &night.watchers[0];
        assert_eq!((night.changes(), night.holder()), (1, "second"));
        assert!(failed(watcher) >= 1, "{:?}", watcher.state().switches);
        let pages = watcher.alerts("switching").into_iter().filter(|alert| alert.severity == Severity::Page);
        assert!(pages.count() >= failed(watcher), "a failed switch pages");
        assert_eq!(watcher.alerts("switching").last().unwrap().event, AlertEvent::Resolved);

        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed);
        night.run(300, &[(10, Endpoints(View::Refuses)), crash.clone(), (150, Endpoints(View::Well))]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
        assert!(night.watchers[0].alerts("not-taken").len() >= 2, "opened and resolved");

        // The primary comes back while the switch is stuck: nothing is left open.
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed);
        let back = (120, Node(0, Condition::Well));
        night.run(300, &[(10, Endpoints(View::Swallows)), crash.clone(), back]);
        assert_eq!((night.changes(), night.holder()), (0, "primary"));
        assert!(failed(&night.watchers[0]) >= 1);
        assert_eq!(night.watchers[0].state().alerts.open(), Vec::<&dogwatch_engine::Alert>::new());

        for keep in [true, false] {
            let _shown = Shown(&format!("forked away, keep {keep}"));
            let mut night = Night::steem(seed);
            night.watch(&[700, 2200], seed);
            night.run(300, &[crash.clone(), (21, ForkSwap(keep))]);
            let watcher = &night.watchers[0];
            assert_eq!((night.changes(), night.holder()), (1, "second"));
            assert_eq!(watcher.state().switches.len(), 1, "{:?}", watcher.state().switches);
            assert!(watcher.alerts("key-changed").is_empty());
            if !keep {
                let ids: Vec<_> = watcher.sent.iter().map(|sent| sent.id).collect();
                assert!(ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]), "sent again, the same: {ids:?}");
            }
        }

        for down in [0, 3, 9, 25, 60] {
            let _shown = Shown(&format!("dies after sending, for {down} slots"));
            let mut night = Night::steem(seed);
            night.watch(&[700, 2200], seed);
            night.run(400, &[crash.clone(), (20, DieAfterSend(down))]);
            let watcher = &night.watchers[0];
            assert_eq!((watcher.deaths, night.changes(), night.holder()), (1, 1, "second"));
            let state = watcher.state();
            assert_eq!(state.switches.len(), 1);
            assert_eq!(state.switches[0].outcome, SwitchOutcome::Applied);
            assert!(state.switches[0].proof.is_some() && state.unproven.is_none() && state.in_flight.is_none());
        }
    }
}

#[test]
fn the_own_slot_is_guarded() {
    // A healthy primary, and an operator who asks again and again without --force: no block may be lost.
    let asks = |force| -> Vec<(u64, Fault)> {
        (0..40)
            .flat_map(|n| {
                let to = if n % 2 == 0 { "second" } else { "primary" };
                (0..12).map(move |more| (10 + n * 25 + more, Fault::Manual(node(to), force)))
            })
            .collect()
    };
    let mut costs = [0, 0];
    for seed in 0..3 {
        for (index, force) in [Force::No, Force::Yes].into_iter().enumerate() {
            let _shown = Shown(&format!("own slots, seed {seed}, {force:?}"));
            let mut night = Night::hive(seed);
            let rails = &mut night.watch(&[700, 2200], seed).config.rails;
            rails.budget = 1000;
            rails.cool_down = Duration::ZERO;
            night.run(1010, &asks(force));
            assert!(night.changes() > 30, "{}", night.changes());
            costs[index] += night.world.chain.cost;
            let watcher = &night.watchers[0];
            let near = |answer: &&Result<_, Vec<Refusal>>| {
                answer.as_ref().is_err_and(|why| why.iter().any(|why| matches!(why, Refusal::OwnSlotNear { .. })))
            };
            assert_eq!(watcher.answers.iter().any(|answer| near(&answer)), force == Force::No);
            assert_eq!(watcher.answers.len(), 480, "every wish is answered");
        }
    }
    assert_eq!(costs[0], 0, "a switch cost a block");
    assert!(costs[1] > 0, "the model shows the cost that the guard avoids");
}

#[test]
fn budget_and_cool_down() {
    for seed in 0..3 {
        let _shown = Shown(&format!("budget, seed {seed}"));
        // No node produces, all look well: without rails the key would go round for ever.
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed).config.rails.cool_down = Duration::from_secs(240);
        let mute: Vec<(u64, Fault)> = (0..3).map(|n| (10, Fault::Node(n, Condition::Mute))).collect();
        night.run(900, &mute);
        assert_eq!(night.changes(), 3, "the budget is three within an hour");
        let watcher = &night.watchers[0];
        let budget = watcher.alerts("refused/budget")[0];
        assert_eq!(budget.severity, Severity::Page);
        let to = |node| format!("watched: did not switch to {node}: the budget is spent: 3 switches within 1 h");
        assert!(["primary", "second", "third"].map(to).contains(&budget.summary), "{}", budget.summary);
        // What passes by itself is in the records at once, and an alert only after more than a round of it.
        let first = |code: &str| watcher.records.iter().any(|record| record.outcome.contains(code));
        assert!(first("cool-down"));
        let cooling = watcher.alerts("refused/cool-down");
        assert!(!cooling.is_empty());
        let switches = watcher.state().switches;
        for alert in cooling.iter().filter(|alert| alert.event == AlertEvent::Opened) {
            let last = switches.iter().rev().find(|record| record.at < alert.at).unwrap();
            assert!(alert.at.since(last.at) > night.world.chain.profile.round(), "{alert:?}");
            assert_eq!(alert.severity, Severity::Info);
        }
        assert!(watcher.alerts("refused/own-slot-near").is_empty());
        let pages = watcher.alerts("missing").iter().filter(|alert| alert.event == AlertEvent::Updated).count();
        assert!(pages >= 4, "said again every five minutes: {pages}");
        // An hour later there is a new one; and the operator may force it at any time.
        night.run(10, &[(3, Fault::Manual(node("third"), Force::Yes))]);
        assert_eq!(night.changes(), 4);
        night.run(600, &[]);
        assert!(night.changes() > 4);
    }
}

#[test]
fn a_configuration_that_changes() {
    for seed in 0..3 {
        let _shown = Shown(&format!("reordered, seed {seed}"));
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed);
        night.run(
            400,
            &[
                (10, Fault::Node(1, Condition::Crashed)),
                (30, Fault::Reorder),
                (30, Fault::Die(5)),
                (60, Fault::Node(0, Condition::Crashed)),
            ],
        );
        assert_eq!((night.changes(), night.holder()), (1, "third"));
        // The nodes that are down leave the configuration: nothing is left open about them.
        let third = night.watchers[0].config.nodes.iter().find(|node| node.name == "third").unwrap().clone();
        night.watchers[0].config.nodes = vec![third];
        night.run(20, &[(2, Fault::Die(5))]);
        let state = night.watchers[0].state();
        assert_eq!(state.alerts.open(), Vec::<&dogwatch_engine::Alert>::new());
        assert_eq!(state.switches[0].from, node("primary"));
    }
}

#[test]
fn fast_blocks() {
    let fast = Profile { block_interval: Duration::from_millis(50), round_length: 5, ..Profile::hive_testnet() };
    for seed in 0..3 {
        let _shown = Shown(&format!("fast blocks, seed {seed}"));
        let mut night = Night::new(fast.clone(), Irreversibility(0), 1, seed);
        let watcher = night.watch(&[10, 35], seed);
        watcher.tracking.stale_after = Duration::from_millis(500);
        watcher.config.rails.own_slot_guard = Duration::from_millis(40);
        watcher.config.rails.cool_down = Duration::from_secs(1);
        watcher.config.expiration = Duration::from_millis(300);
        night.run(600, &[(10, Fault::Node(0, Condition::Crashed)), (200, Fault::Node(1, Condition::Hung))]);
        assert_eq!((night.changes(), night.holder()), (2, "third"));
        assert_eq!(night.world.chain.cost, 0);
    }
}

#[test]
fn the_watchers_clock_is_wrong() {
    for wrong in [-3600_i64, 3600] {
        let mut night = Night::hive(1);
        night.watch(&[700], 1);
        night.run(20, &[]);
        night.watchers[0].clock_off = wrong;
        night.run(200, &[(0, Fault::Node(0, Condition::Crashed))]);
        assert_eq!(night.changes(), 0);
        let page = night.watchers[0].alerts("clock")[0].clone();
        assert_eq!(page.severity, Severity::Page);
        assert!(page.summary.contains(if wrong > 0 { "ahead of" } else { "behind" }), "{}", page.summary);
        night.watchers[0].clock_off = 0;
        night.run(200, &[]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
    }
}

#[test]
fn a_hole_in_what_was_seen_is_no_evidence() {
    for seed in 0..12 {
        let _shown = Shown(&format!("a hole, seed {seed}"));
        // One miss, hours of production that nobody sees, two misses.
        let mut night = Night::hive(seed);
        night.watch(&[700], seed).policy = Policy::Threshold(3);
        night.world.nodes[0].skips = 1;
        while night.watchers[0].state().slots.last().is_none_or(|own| own.outcome != SlotOutcome::Missed) {
            night.next();
        }
        night.watchers[0].die(night.slot + 300);
        night.run(278, &[]);
        night.world.nodes[0].skips = 2;
        night.run(120, &[]);
        assert_eq!((night.changes(), night.holder()), (0, "primary"));
    }
}

#[test]
fn blocks_from_an_earlier_turn_prove_nothing() {
    for seed in 0..6 {
        let _shown = Shown(&format!("an earlier turn, seed {seed}"));
        // The second node was on duty a little while ago; now the key goes to it again.
        let mut night = Night::steem(seed);
        night.watch(&[700, 2200], seed);
        let by_hand = [(10, Fault::WalletNode(1)), (60, Fault::WalletNode(0))];
        let crash = (61, Fault::Node(0, Condition::Crashed));
        night.run(300, &[&by_hand[..], &[crash]].concat());
        assert_eq!((night.changes(), night.holder()), (3, "second"));
        let outcomes: Vec<_> = night.watchers[0].state().switches.iter().map(|record| record.outcome).collect();
        assert_eq!(outcomes, [SwitchOutcome::Applied]);
    }
}

#[test]
fn restarts_lose_no_evidence() {
    let first_change = |seed, deaths: &[(u64, Fault)]| {
        let small = Profile { round_length: 7, ..Profile::steem() };
        let mut night = Night::new(small, Irreversibility(15), 3, seed);
        night.watch(&[700, 2200], seed).policy = Policy::Threshold(3);
        night.run(120, &[&[(30, Fault::Node(0, Condition::Crashed))], deaths].concat());
        assert_eq!((night.changes(), night.holder()), (1, "second"));
        night.world.chain.key_changes()[0].time
    };
    for seed in 0..10 {
        let _shown = Shown(&format!("restarts, seed {seed}"));
        let deaths: Vec<(u64, Fault)> = (0..11).map(|n| (n * 9, Fault::Die(1))).collect();
        let (undisturbed, disturbed) = (first_change(seed, &[]), first_change(seed, &deaths));
        // Nodes must prove themselves again after a start, and the own slot may be near then.
        let late = disturbed.since(undisturbed);
        assert!(late <= Duration::from_secs(24), "{late:?} late");
    }
}

/// The seeds to play, and so many times more of them where `NIGHTS` says so.
fn more(seeds: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    let times = std::env::var("NIGHTS").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    (0..times).flat_map(move |n| seeds.clone().map(move |seed| n * 1000 + seed))
}

/// Crashes of the daemon at any step, while one node fails.
fn deadly_nights(seeds: std::ops::Range<u64>) {
    let mut deaths = 0;
    for seed in more(seeds) {
        let _shown = Shown(&format!("deadly night, seed {seed}"));
        let mut night = match seed % 3 {
            0 => Night::steem(seed),
            1 => Night::hive(seed),
            _ => Night::new(Profile { round_length: 5, ..Profile::steem() }, Irreversibility(15), 3, seed),
        };
        night.watch(&[700], seed).deadly = 12;
        night.run(220, &[(15, Fault::Node(0, Condition::Crashed))]);
        night.watchers[0].deadly = 0;
        night.run(130, &[]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
        deaths += night.watchers[0].deaths;
        let state = night.watchers[0].state();
        assert_eq!((state.in_flight, state.unproven), (None, None));
    }
    assert!(deaths > 500, "only {deaths} deaths");
}

#[test]
fn deadly_nights_a() {
    deadly_nights(0..100);
}

#[test]
fn deadly_nights_b() {
    deadly_nights(100..200);
}

/// Anything goes wrong at any time; what must hold is checked at every transmission and in the end.
fn chaos(seeds: std::ops::Range<u64>) {
    let (mut changes, mut tries) = (0, 0);
    for seed in more(seeds) {
        let timeline = support::chaos::timeline(seed);
        let _shown = Shown(&format!("chaos, seed {seed}: {timeline:?}"));
        let mut night = support::chaos::night(seed);
        night.run(240, &timeline);
        changes += night.changes();
        tries += night.watchers.iter().map(|watcher| watcher.state().switches.len()).sum::<usize>();
    }
    assert!(changes > 50 && tries > 50, "{changes} changes and {tries} switches only: not much of a chaos");
}

#[test]
fn chaos_a() {
    chaos(0..100);
}

#[test]
fn chaos_b() {
    chaos(100..200);
}

#[test]
fn chaos_c() {
    chaos(200..300);
}

/// Nights that found a bug once.
#[test]
fn chaos_remembered() {
    for seed in [32, 2071, 3210, 11125] {
        let timeline = support::chaos::timeline(seed);
        let _shown = Shown(&format!("chaos, seed {seed}: {timeline:?}"));
        support::chaos::night(seed).run(240, &timeline);
    }
}

/// One night of the chaos again: `SEED=123 cargo test -p dogwatch-engine one_night`.
#[test]
fn one_night_again() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        let timeline = support::chaos::timeline(seed);
        println!("{timeline:?}");
        support::chaos::night(seed).run(240, &timeline);
    }
}
