//! Nights in which a switch is lost, forked away, refused by endpoints, or made by another site first.

use dogwatch_alerts::{AlertEvent, Severity};
use std::time::Duration;

use dogwatch_engine::{Origin, SwitchOutcome};

use crate::support::endpoint::View;
use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::scenario::Shown;
use crate::support::watcher::Watcher;

#[test]
fn two_sites() {
    for seed in 0..8 {
        for hive in [true, false] {
            let _shown = Shown(&format!("two sites, seed {seed}, hive {hive}"));
            let mut night = if hive { Night::hive(seed) } else { Night::steem(seed) };
            night.watch(&[700, 2200], 1);
            // Sees the same a moment later, when the first switch is still on its way.
            night.watch(&[701 + 20 * seed, 2201], 2).delay = 1;
            // Clocks of different sites differ; so do their transactions, then.
            night.watchers[1].config.expiration = Duration::from_secs(33);
            night.world.chain.slow_gossip = true;
            night.run(300, &[(10, Fault::Node(0, Condition::Crashed))]);
            assert_eq!((night.changes(), night.holder()), (1, "second"));
            let outcomes: Vec<Vec<(Origin, SwitchOutcome)>> = night
                .watchers
                .iter()
                .map(|watcher| watcher.state().switches.iter().map(|past| (past.origin, past.outcome)).collect())
                .collect();
            let first = [(Origin::Policy, SwitchOutcome::Applied)];
            let second = [(Origin::Policy, SwitchOutcome::Overtaken), (Origin::Elsewhere, SwitchOutcome::Applied)];
            assert_eq!(outcomes, [&first[..], &second[..]], "both tried");
            assert_eq!(night.watchers[1].state().in_flight, None);
            assert!(night.watchers.iter().all(|watcher| watcher.alerts("missing").len() > 1));
        }
    }
}

#[test]
fn switches_that_get_lost() {
    use Fault::{DieAfterSend, Endpoints, ForkSwitch, Node};
    let crash = (20, Node(0, Condition::Crashed));
    let failed = |watcher: &Watcher| {
        watcher.state().switches.iter().filter(|record| record.outcome == SwitchOutcome::Failed).count()
    };
    for seed in 0..6 {
        let _shown = Shown(&format!("lost switches, seed {seed}"));
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

        // The primary comes back while the switch waits: nothing is left open.
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed);
        let back = (120, Node(0, Condition::Well));
        night.run(300, &[(10, Endpoints(View::Swallows)), crash.clone(), back]);
        assert_eq!((night.changes(), night.holder()), (0, "primary"));
        assert!(failed(&night.watchers[0]) >= 1);
        assert_eq!(night.watchers[0].desk.open().count(), 0);

        for keep in [true, false] {
            let _shown = Shown(&format!("forked away, keep {keep}"));
            let mut night = Night::steem(seed);
            night.watch(&[700, 2200], seed);
            night.run(300, &[crash.clone(), (21, ForkSwitch(keep))]);
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
        let switches = night.watchers[0].state().switches;
        let made: Vec<_> = switches.iter().map(|record| (record.origin, record.outcome)).collect();
        let elsewhere = (Origin::Elsewhere, SwitchOutcome::Applied);
        assert_eq!(made, [elsewhere, elsewhere, (Origin::Policy, SwitchOutcome::Applied)]);
    }
}
