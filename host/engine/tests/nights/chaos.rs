//! Nights in which anything goes wrong at any time, from a seed.

use crate::support::chaos as model;
use crate::support::scenario::{Shown, chosen, more};

/// Anything goes wrong at any time; what must hold is checked at every transmission and in the end.
fn chaos(seeds: std::ops::Range<u64>) {
    let (mut changes, mut tries) = (0, 0);
    for seed in more(seeds) {
        let timeline = model::timeline(seed);
        let _shown = Shown(&format!("chaos, seed {seed}: {timeline:?}"));
        let mut night = model::night(seed);
        night.run(240, &timeline);
        changes += night.changes();
        tries += night.watchers.iter().map(|watcher| watcher.state().switches.len()).sum::<usize>();
    }
    assert!(changes > 50 && tries > 50, "{changes} changes and {tries} switches only: not much of a chaos");
}

#[test]
fn chaos_a() {
    chaos(0..100);
}

#[test]
fn chaos_b() {
    chaos(100..200);
}

#[test]
fn chaos_c() {
    chaos(200..300);
}

/// Nights that found a bug once.
#[test]
fn chaos_remembered() {
    for seed in [32, 2071, 3210, 11125] {
        let timeline = model::timeline(seed);
        let _shown = Shown(&format!("chaos, seed {seed}: {timeline:?}"));
        model::night(seed).run(240, &timeline);
    }
}

/// One of these nights again: `SEED=123 cargo test -p dogwatch-engine --test nights chaos::one_night -- --nocapture`.
#[test]
fn one_night() {
    if let Some(seed) = chosen() {
        let timeline = model::timeline(seed);
        println!("{timeline:?}");
        model::night(seed).run(240, &timeline);
    }
}
