//! Nights in which the daemon dies, at any step, and is started again.

use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_engine::SlotOutcome;

use crate::support::chain::Irreversibility;
use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::policy::Policy;
use crate::support::scenario::{Shown, chosen, more};

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

/// Crashes of the daemon at any step, while one node fails.
fn deadly_nights(seeds: std::ops::Range<u64>) {
    let mut deaths = 0;
    for seed in more(seeds) {
        deaths += deadly_night(seed);
    }
    assert!(deaths > 500, "only {deaths} deaths");
}

/// One of them; how often the daemon died.
fn deadly_night(seed: u64) -> u32 {
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
    let state = night.watchers[0].state();
    assert_eq!((state.in_flight, state.unproven), (None, None));
    night.watchers[0].deaths
}

#[test]
fn deadly_nights_a() {
    deadly_nights(0..100);
}

#[test]
fn deadly_nights_b() {
    deadly_nights(100..200);
}

/// One of these nights again: `SEED=123 cargo test -p dogwatch-engine --test nights restarts::one_night`.
#[test]
fn one_night() {
    if let Some(seed) = chosen() {
        deadly_night(seed);
    }
}
