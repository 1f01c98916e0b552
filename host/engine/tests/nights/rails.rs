//! Nights in which the rails hold back a switch that the policy or the operator wants.

use dogwatch_alerts::{AlertEvent, Severity};
use std::time::Duration;

use dogwatch_engine::{Force, Refusal};

use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::scenario::{Shown, node};

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
