//! Nights in which the witness's nodes fail.

use crate::support::night::Fault;
use crate::support::node::Condition;
use crate::support::scenario::{QUIET, Scenario};

#[test]
fn a_quiet_night() {
    QUIET.play(|_| {});
}

#[test]
fn nodes_that_fail() {
    use Condition::{Behind, Crashed, Forked, Hung, Mute, Unreachable, Well};
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
            name: "another program has the primary's port",
            timeline: vec![(10, Fault::Node(0, Unreachable))],
            must: &["node/primary"],
            never: &["switching", "missing", "refused"],
            left: &["node/primary"],
            ..QUIET
        },
        Scenario {
            name: "another program has the first standby's port",
            timeline: vec![(10, Fault::Node(1, Unreachable)), (40, Fault::Node(0, Crashed))],
            changes: 1,
            holder: "third",
            must: &["missing", "switching", "node/second"],
            never: &["refused"],
            left: &["node/primary", "node/second"],
            ..QUIET
        },
        Scenario {
            name: "the first standby thaws with an old head when it is needed",
            timeline: vec![(10, Fault::Node(1, Hung)), (39, Fault::Node(1, Behind)), (40, Fault::Node(0, Crashed))],
            changes: 1,
            holder: "third",
            must: &["missing", "switching", "node/second"],
            never: &["refused"],
            left: &["node/primary", "node/second"],
            ..QUIET
        },
        Scenario {
            name: "the primary thaws with an old head, and its successor dies",
            slots: 400,
            timeline: vec![(10, Fault::Node(0, Hung)), (120, Fault::Node(0, Behind)), (121, Fault::Node(1, Crashed))],
            changes: 2,
            holder: "third",
            must: &["missing", "switching"],
            never: &["refused", "key-changed"],
            left: &["node/primary", "node/second"],
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
