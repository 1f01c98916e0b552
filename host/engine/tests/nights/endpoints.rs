//! Nights in which endpoints die, lag, lie and contradict each other, up to blindness.

use dogwatch_alerts::{Alert, AlertEvent, Cause, Severity};
use dogwatch_chain::Profile;
use std::time::Duration;

use crate::support::chain::Irreversibility;
use crate::support::endpoint::View;
use crate::support::night::{DUSK, Fault, Night};
use crate::support::node::Condition;
use crate::support::scenario::{QUIET, Scenario, Shown};

#[test]
fn endpoints_that_cannot_be_believed() {
    use Fault::{Endpoint, Endpoints};
    use View::{Ahead, Dead, Forked, Frozen, Lagging, NoWitness, Refuses, Swallows, WrongKey, WrongSchedule};
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
        switches("one shows a wrong schedule", WrongSchedule, &["doubts"]),
        holds(
            "all stand still, and the own nodes go on",
            &[(10, Endpoints(Frozen))],
            &["halted", "minority-fork"],
            &["halted", "minority-fork", "node/primary"],
        ),
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

/// The only endpoint shows a schedule that the blocks contradict: the misses of others would be held against the witness, and
/// its own hidden.
#[test]
fn a_lone_endpoint_with_a_wrong_schedule() {
    for seed in 0..4 {
        let _shown = Shown(&format!("a wrong schedule, seed {seed}"));
        let mut night = Night::new(Profile::hive(), Irreversibility(0), 1, seed);
        night.watch(&[700, 2200], seed);
        let lie = (10, Fault::Endpoint(0, View::WrongSchedule));
        let crash = (70, Fault::Node(0, Condition::Crashed));
        night.run(200, &[lie, (30, Fault::OthersMissing(20)), crash]);
        let watcher = &night.watchers[0];
        assert_eq!((night.changes(), watcher.sent.len()), (0, 0));
        let whole = [Cause::NoSchedule, Cause::Blind, Cause::Split];
        let pages: Vec<&Alert> = watcher.desk.said.iter().filter(|alert| whole.contains(&alert.key.cause)).collect();
        let first = pages.first().unwrap();
        assert_eq!((first.event, first.severity), (AlertEvent::Opened, Severity::Page));
        let after = first.at.since(night.world.chain.time(DUSK + 10));
        assert!(after < Duration::from_secs(60), "{after:?}: {first:?}");
        assert_ne!(pages.last().unwrap().event, AlertEvent::Resolved);
        night.run(150, &[(0, Fault::OthersMissing(0)), (0, Fault::Endpoint(0, View::Well))]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
    }
}

#[test]
fn blindness_pages_at_once() {
    let mut night = Night::hive(1);
    night.watch(&[700], 1);
    night.run(1, &[(0, Fault::Endpoints(View::Dead))]);
    let first = &night.watchers[0].desk.said[0];
    assert_eq!((first.event, first.severity), (AlertEvent::Opened, Severity::Page));
    assert!(first.key.cause == Cause::Blind, "{first:?}");
}

/// Somebody's pending switch splits the key for 30 s at most: a split that keeps the policy from switching for longer
/// pages, and one that has lasted that long already when the policy wants to switch pages at once.
#[test]
fn a_split_key_pages_only_when_it_lasts() {
    #[derive(Debug, PartialEq)]
    enum Begins {
        WithTheSecondMiss,
        WithTheFirst,
    }
    use Begins::{WithTheFirst, WithTheSecondMiss};
    for (begins, slots, pages) in
        [(WithTheSecondMiss, 6, false), (WithTheSecondMiss, 60, true), (WithTheFirst, 6, true)]
    {
        for seed in 0..4 {
            let _shown = Shown(&format!("a split key for {slots} slots, {begins:?}, seed {seed}"));
            let mut night = Night::hive(seed);
            night.watch(&[700, 2200], seed);
            night.run(12, &[(10, Fault::Node(0, Condition::Crashed))]);
            while night.watchers[0].alerts("missing").is_empty() {
                night.next();
            }
            // At the second miss the policy wants to switch.
            let own = |night: &Night| night.world.chain.producer(night.slot + 1) == night.world.chain.witness;
            while begins == WithTheSecondMiss && !own(&night) {
                night.next();
            }
            night.apply(&Fault::Endpoint(0, View::Dead));
            night.apply(&Fault::Endpoint(1, View::WrongKey));
            let since = night.world.chain.time(night.slot);
            let wants =
                |night: &Night| night.watchers[0].records.iter().any(|record| record.outcome.contains("key-split"));
            while !wants(&night) {
                night.next();
            }
            let wanted = night.world.chain.time(night.slot);
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
                assert!(stood >= watcher.config.expiration, "{stood:?}");
                match begins {
                    WithTheSecondMiss => assert!(stood < Duration::from_secs(40), "{stood:?}"),
                    WithTheFirst => assert!(first.at.since(wanted) < Duration::from_secs(3), "{first:?}"),
                }
                assert_eq!(split.last().unwrap().event, AlertEvent::Resolved);
            }
        }
    }
}

#[test]
fn the_watchers_clock_is_wrong_and_no_answer_has_a_date() {
    for wrong in [-3_600_000_i64, 3_600_000] {
        let mut night = Night::hive(1);
        night.watch(&[700], 1);
        night.world.endpoints.iter_mut().for_each(|endpoint| endpoint.dated = false);
        night.run(20, &[]);
        night.watchers[0].clock_ahead = wrong;
        night.run(200, &[(0, Fault::Node(0, Condition::Crashed))]);
        assert_eq!(night.changes(), 0);
        let page = night.watchers[0].alerts("clock")[0].clone();
        assert_eq!(page.severity, Severity::Page);
        assert!(page.summary.contains(if wrong > 0 { "ahead of" } else { "behind" }), "{}", page.summary);
        night.watchers[0].clock_ahead = 0;
        night.run(200, &[]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
    }
}
