//! Nights that broke a rule once, and a few that are drawn anew: none breaks one now.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, that is how it fails")]

use std::path::Path;

use dogwatch_engine::{Decision, PolicyFailure, Situation};
use dogwatch_sim::{
    CATALOGUE, Decide, Natively, Night, NightOutcome, Policies, PolicyChoice, Rule, draw, draw_with, picture, play,
    shrink,
};

fn peaceful(night: &Night) -> NightOutcome {
    let outcome = play(night, &Natively).unwrap();
    if let Some(violation) = &outcome.violation {
        panic!("night {}: {violation}\n{}", night.seed, picture(night, &Natively).unwrap());
    }
    outcome
}

#[test]
fn nights_that_broke_a_rule_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("nights");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 10);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# "), "{} does not say what it is about", file.display());
        let night = Night::from_toml(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let outcome = play(&night, &Natively).unwrap();
        assert_eq!(outcome.violation, None, "{}", file.display());
    }
}

#[test]
fn drawn_nights() {
    let (mut switches, mut missed) = (0, 0);
    for seed in 0..150 {
        let outcome = peaceful(&draw(seed));
        switches += outcome.switches;
        missed += outcome.missed;
    }
    assert!(switches > 100 && missed > 200, "{switches} switches and {missed} misses: not much of a simulation");
}

#[test]
fn each_kind_of_fault() {
    for (seed, kind) in (10_000..).zip(CATALOGUE) {
        peaceful(&draw_with(seed, &[kind]));
    }
}

#[test]
fn the_same_seed_is_the_same_night() {
    let night = draw(42);
    assert_eq!(night, draw(42));
    assert_eq!(play(&night, &Natively).unwrap(), play(&night, &Natively).unwrap());
    assert_eq!(Night::from_toml(&night.to_toml().unwrap()).unwrap(), night);
}

#[test]
fn what_is_no_night_is_refused() {
    for (text, why) in [
        ("seed = 'x'", "this is no night"),
        ("", "missing field"),
        (&draw(1).to_toml().unwrap().replace("round = ", "round = 100"), "round is 100"),
        (
            &format!("{}\n[[fault]]\nkind = 'rain'\nat = 1\n", draw(1).to_toml().unwrap()),
            "there is no fault kind \"rain\"",
        ),
    ] {
        let error = Night::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

/// A policy that never switches.
struct Lazy;

impl Decide for Lazy {
    fn decide(&mut self, _: &Situation, memory: &[u8]) -> Result<Decision, PolicyFailure> {
        Ok(Decision::stay("tomorrow is another day", memory.to_vec()))
    }
}

impl Policies for Lazy {
    fn of_site(&self, _: PolicyChoice, _: u64) -> Box<dyn Decide> {
        Box::new(Self)
    }
}

/// The rules see what is wrong; and of the faults only the last one, which every night has, is needed for it.
#[test]
fn a_policy_that_never_switches_is_seen_and_shrunk_to_nothing() {
    let night = (0..).map(draw).find(|night| night.faults.len() > 4 && night.nodes > 1).unwrap();
    let violation = play(&night, &Lazy).unwrap().violation.unwrap();
    assert_eq!(violation.rule, Rule::SwitchOrReason, "{violation}");
    let small = shrink(&night, violation.rule, &Lazy).unwrap();
    assert_eq!((small.faults.len(), small.sites.len()), (0, 1), "{small:?}");
    let shown = picture(&small, &Lazy).unwrap();
    assert!(shown.contains("holder-crashed strikes") && shown.contains("witness 0 MISSES"), "{shown}");
    assert!(shown.lines().last().unwrap().starts_with("BROKEN: SwitchOrReason"), "{shown}");
}
