//! Nights in which the chain itself halts, forks or runs thin.

use std::time::Duration;

use dogwatch_chain::Profile;

use crate::support::chain::Irreversibility;
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
            // No switch, and no silence either.
            must: &["low-participation", "missing"],
            never: &["switching", "refused"],
            left: &["node/primary", "low-participation", "missing"],
            ..QUIET
        },
        Scenario {
            name: "half of the witnesses are gone, and the primary for a while",
            slots: 420,
            timeline: vec![
                (20, OthersMissing(45)),
                (140, Fault::Node(0, Condition::Crashed)),
                (300, Fault::Node(0, Condition::Well)),
            ],
            must: &["low-participation", "missing"],
            never: &["switching", "refused"],
            left: &["low-participation"],
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
