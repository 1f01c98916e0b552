//! Nights in which the chain itself halts, forks or runs thin.

use std::time::Duration;

use dogwatch_alerts::{Cause, Severity};
use dogwatch_chain::Profile;
use dogwatch_engine::{SlotOutcome, Verdict};

use crate::support::chain::Irreversibility;
use crate::support::endpoint::View;
use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::policy::Policy;
use crate::support::scenario::{QUIET, Scenario, Shown};

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
            changes: 1,
            holder: "second",
            must: &["low-participation", "missing", "switching"],
            never: &["refused"],
            left: &["node/primary", "low-participation"],
        },
        Scenario {
            name: "an hour and a half of a thin chain, and the primary dies",
            slots: 2050,
            timeline: vec![
                (20, OthersMissing(29)),
                (1800, Fault::Node(0, Condition::Crashed)),
                (1870, OthersMissing(0)),
            ],
            changes: 1,
            holder: "second",
            must: &["low-participation", "missing", "switching"],
            never: &["refused", "minority-fork"],
            left: &["node/primary"],
        },
        Scenario {
            name: "an hour without a block, and the primary does not come back",
            slots: 1400,
            timeline: vec![(20, Halt(true)), (1220, Halt(false)), (1221, Fault::Node(0, Condition::Crashed))],
            changes: 1,
            holder: "second",
            must: &["halted", "low-participation", "missing", "switching"],
            never: &["blind", "refused", "minority-fork"],
            left: &["node/primary"],
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

/// With four of five witnesses gone the nodes of the last one produce nothing either (`required-participation`), whether they
/// are well or not: no switch helps, and that is said.
#[test]
fn producers_stop_by_themselves() {
    for seed in 0..4 {
        for dies in [false, true] {
            let _shown = Shown(&format!("few witnesses are left, seed {seed}, the primary dies: {dies}"));
            let mut night = if seed % 2 == 0 { Night::hive(seed) } else { Night::steem(seed) };
            night.watch(&[700, 2200], seed);
            let crash = (140, Fault::Node(0, Condition::Crashed));
            let evening = [(20, Fault::OthersMissing(80)), crash];
            night.run(400, &evening[..if dies { 2 } else { 1 }]);
            let watcher = &night.watchers[0];
            assert_eq!((night.changes(), watcher.sent.len()), (0, 0));
            assert!(watcher.desk.open().any(|alert| alert.key.cause == Cause::LowParticipation));
            // Most of its empty slots are among many others that are empty, too.
            let own = watcher.state().slots;
            let since = own.iter().rev().take_while(|own| own.outcome != SlotOutcome::Produced);
            let missed = since.filter(|own| own.outcome == SlotOutcome::Missed).count();
            let page = watcher.desk.open().find(|alert| alert.key.cause == Cause::Missing);
            assert!(missed < 2 || page.is_some_and(|page| page.severity == Severity::Page), "{own:?}");
            assert!(watcher.records.iter().any(|record| record.verdict == Verdict::Chain));
            assert!(watcher.alerts("refused").is_empty());
            // They come back, and with them whoever is well.
            night.run(250, &[(0, Fault::OthersMissing(0))]);
            assert_eq!((night.changes(), night.holder()), if dies { (1, "second") } else { (0, "primary") });
            let open: Vec<Cause> = night.watchers[0].desk.open().map(|alert| alert.key.cause).collect();
            assert_eq!(open, if dies { vec![Cause::Node] } else { Vec::new() });
        }
    }
}

/// A third of the witnesses go on without the others, and two of three endpoints are with them: on their branch the witness
/// misses every slot, and nothing is wrong with it.
#[test]
fn a_minority_fork() {
    use Fault::{Endpoint, Split};
    let two = |at: u64, view| [(at, Endpoint(1, view)), (at, Endpoint(2, view))];
    let left = [(20, Split(true)), two(20, View::Minority)[0].clone(), two(20, View::Minority)[1].clone()];
    let back = [(150, Split(false)), two(150, View::Well)[0].clone(), two(150, View::Well)[1].clone()];
    let crash = (60, Fault::Node(0, Condition::Crashed));
    let scenarios = [
        Scenario {
            name: "two endpoints are on a minority fork, and come back",
            timeline: [&left[..], &back].concat(),
            must: &["minority-fork"],
            never: &["switching", "refused", "key-changed"],
            ..QUIET
        },
        Scenario {
            name: "two endpoints are on a minority fork, the primary dies, and they come back",
            slots: 300,
            timeline: [&left[..], &[crash], &back].concat(),
            changes: 1,
            holder: "second",
            must: &["minority-fork", "missing", "switching"],
            never: &["refused", "key-changed"],
            left: &["node/primary"],
        },
    ];
    for scenario in scenarios {
        scenario.play(|_| {});
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
