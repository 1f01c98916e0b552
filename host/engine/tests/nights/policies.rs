//! Nights in which the policy fails, or wants what it must not get.

use dogwatch_engine::{Action, Disable, NodeIndex};

use crate::support::night::Fault;
use crate::support::node::Condition;
use crate::support::policy::Policy;
use crate::support::scenario::{QUIET, Scenario};

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
