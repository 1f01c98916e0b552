//! Nights that broke a rule once, and a few that are drawn anew: none breaks one now.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, that is how it fails")]

use std::path::Path;

use dogwatch_sim::{CATALOGUE, Natively, Night, NightOutcome, draw, draw_with, picture, play, shrink};

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

/// A night in which nobody pages cannot be shrunk to less than what breaks the rule. No such night is known, so this one
/// asks for a rule that it does not break: nothing is left out.
#[test]
fn shrinking_keeps_what_does_not_fail() {
    let night = draw(3);
    let rule = dogwatch_sim::Rule::SameBytes;
    assert_eq!(shrink(&night, rule, &Natively).unwrap(), night);
}
