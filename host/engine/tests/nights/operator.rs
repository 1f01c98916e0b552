//! Nights in which an operator moves the key, or changes the configuration.

use dogwatch_engine::{Force, Holder};

use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::scenario::{QUIET, Scenario, Shown, node};

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
                (32, Manual(Holder::Disabled, Force::Yes)),
                (33, Manual(Holder::Foreign, Force::Yes)),
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
        assert_eq!(night.watchers[0].desk.open().count(), 0);
        assert_eq!(state.switches[0].from, node("primary"));
    }
}
