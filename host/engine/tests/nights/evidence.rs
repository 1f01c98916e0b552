//! Nights in which the evidence is sparse, interrupted or made by somebody else.

use dogwatch_chain::Profile;
use dogwatch_engine::{Force, Origin, SwitchOutcome};

use crate::support::chain::Irreversibility;
use crate::support::endpoint::View;
use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::policy::Policy;
use crate::support::scenario::{Shown, node};

#[test]
fn a_backup_witness_whose_node_dies() {
    for seed in 0..6 {
        let _shown = Shown(&format!("a backup witness, seed {seed}"));
        let small = Profile { round_length: 7, ..Profile::steem() };
        let mut night = Night::new(small, Irreversibility(0), 3, seed);
        night.world.chain.elected_every = 25;
        night.watch(&[700, 2200], seed);
        // Its slots are 175 slots apart: the log holds 16 rounds, and forgets one before the next comes.
        night.run(1000, &[(5, Fault::Node(0, Condition::Crashed))]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
    }
}

#[test]
fn a_hole_in_mid_outage_loses_no_evidence() {
    let holes: [(&str, Vec<(u64, Fault)>); 3] = [
        ("the daemon is down for five rounds", vec![(62, Fault::Die(105))]),
        ("it is blind for five rounds", vec![(62, Fault::Endpoints(View::Dead)), (167, Fault::Endpoints(View::Well))]),
        ("it is down for a round and a half", vec![(62, Fault::Die(32))]),
    ];
    for (name, hole) in holes {
        for seed in 0..4 {
            let _shown = Shown(&format!("{name}, seed {seed}"));
            let mut night = Night::hive(seed);
            // More misses than there can be before the hole.
            night.watch(&[700, 2200], seed).policy = Policy::Threshold(4);
            night.run(220, &[&[(2, Fault::Node(0, Condition::Crashed))], &hole[..]].concat());
            assert_eq!((night.changes(), night.holder()), (1, "second"));
            let watcher = &night.watchers[0];
            let openings = watcher
                .alerts("missing")
                .iter()
                .filter(|alert| alert.event == dogwatch_alerts::AlertEvent::Opened)
                .count();
            assert_eq!(openings, 1, "one alert for one outage");
        }
    }
}

/// Nothing is known yet, and that is what is said.
#[test]
fn without_a_known_slot_nothing_is_fine() {
    let small = Profile { round_length: 7, ..Profile::steem() };
    let mut night = Night::new(small, Irreversibility(0), 3, 1);
    night.world.chain.elected_every = 1000;
    // The rounds that are scheduled already pass.
    night.run(30, &[]);
    night.watch(&[700], 1);
    night.run(10, &[]);
    let live = night.watchers[0].live.as_ref().unwrap();
    let now = night.world.chain.time(night.slot).plus(std::time::Duration::from_millis(700));
    assert!(live.watch.state().slots.is_empty());
    assert_eq!(live.watch.verdict(now, &live.tracker), dogwatch_engine::Verdict::CannotTell);
}

#[test]
fn planned_switches_leave_the_budget_alone() {
    for seed in 0..3 {
        let _shown = Shown(&format!("planned switches, seed {seed}"));
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed).config.rails.cool_down = std::time::Duration::ZERO;
        let mut evening = Vec::new();
        for (at, to) in [(10, "second"), (60, "third"), (110, "primary")] {
            // Asked again while the own slot is near.
            evening.extend((0..6).map(|more| (at + more, Fault::Manual(node(to), Force::No))));
        }
        night.run(200, &evening);
        assert_eq!((night.changes(), night.holder()), (3, "primary"));
        night.run(120, &[(5, Fault::Node(0, Condition::Crashed))]);
        assert_eq!((night.changes(), night.holder()), (4, "second"), "the budget of three is for failures");
    }
}

#[test]
fn two_sites_remember_the_same_switches() {
    for seed in 0..4 {
        let _shown = Shown(&format!("two sites, seed {seed}"));
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed);
        // The other site never switches by itself.
        night.watch(&[900, 2400], seed + 50).policy = Policy::Threshold(1000);
        night.run(150, &[(5, Fault::Node(0, Condition::Crashed))]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
        let state = night.watchers[1].state();
        let [seen] = state.switches.as_slice() else { panic!("one switch: {:?}", state.switches) };
        assert_eq!((&seen.from, &seen.to), (&node("primary"), &node("second")));
        assert_eq!((seen.origin, seen.outcome), (Origin::Elsewhere, SwitchOutcome::Applied));
        assert!(seen.first_missed.is_some(), "it followed misses: {seen:?}");
    }
}

#[test]
fn the_budget_counts_over_all_sites() {
    for seed in 0..3 {
        let _shown = Shown(&format!("a budget for two sites, seed {seed}"));
        // No node produces, all look well.
        let mut night = Night::hive(seed);
        night.watch(&[700, 2200], seed);
        night.watch(&[900, 2400], seed + 50);
        let mute: Vec<(u64, Fault)> = (0..3).map(|n| (10, Fault::Node(n, Condition::Mute))).collect();
        night.run(900, &mute);
        assert_eq!(night.changes(), 3, "the budget is three within an hour, whoever spends it");
    }
}

#[test]
fn a_planned_switch_of_another_site_is_seen_as_planned() {
    let mut night = Night::hive(3);
    night.watch(&[700, 2200], 3);
    night.run(90, &[(10, Fault::WalletNode(1))]);
    let state = night.watchers[0].state();
    let [seen] = state.switches.as_slice() else { panic!("one switch: {:?}", state.switches) };
    assert_eq!((seen.origin, seen.first_missed), (Origin::Elsewhere, None));
}

/// The transaction has expired, and the endpoints do not agree on the key: no block holds it, and that is enough.
#[test]
fn an_expired_switch_is_over_although_the_key_is_split() {
    for seed in 0..4 {
        let _shown = Shown(&format!("an expired switch, seed {seed}"));
        let mut night = Night::new(Profile::hive(), Irreversibility(0), 2, seed);
        night.watch(&[700, 2200], seed);
        let deaf = [(1, Fault::Endpoints(View::Swallows)), (2, Fault::Node(0, Condition::Crashed))];
        night.run(3, &deaf);
        while night.watchers[0].state().in_flight.is_none() {
            night.next();
        }
        // It is expired by now, and may still be pending somewhere.
        night.run(11, &[]);
        night.apply(&Fault::Endpoint(0, View::WrongKey));
        night.run(10, &[]);
        let watcher = &night.watchers[0];
        assert_eq!(watcher.state().in_flight, None);
        assert_eq!(watcher.state().switches[0].outcome, SwitchOutcome::Failed);
        night.run(60, &[(1, Fault::Endpoints(View::Well))]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
    }
}
