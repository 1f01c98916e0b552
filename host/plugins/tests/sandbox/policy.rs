//! The bundled policy.

use std::time::Duration;

use dogwatch_alerts::Severity;
use dogwatch_engine::{Action, Evidence, Grade, Holder, NodeIndex, Source, Verdict};
use dogwatch_plugins::{CheckError, Library, PolicyPlugin, Sandbox, Value};

use crate::support::{THRESHOLD_V0_1, bundled, policy, settings, situation, text};

#[test]
fn decides() {
    let threshold = policy(bundled("threshold"));
    let called = threshold.decide(&settings([]), &situation(), b"old").unwrap();
    // Node 1 failed a minute ago.
    assert_eq!(called.value.action, Action::SwitchTo(NodeIndex(2)));
    assert_eq!(called.value.reason, "one missed 2 slots in a row (9958 to 9979); three is the next fit node");
    assert_eq!(called.value.memory, b"old");
    assert_eq!(called.value.ask_again, None);
    assert!(called.fuel > 1000 && called.fuel < 500_000, "{}", called.fuel);
}

/// A policy from before the interface 0.2 is told what it knows, and decides as it did.
#[test]
fn a_policy_of_an_older_interface_works_on() {
    let (old, new) = (policy(THRESHOLD_V0_1), policy(bundled("threshold")));
    assert_eq!(old.check(&settings([("misses", Value::Integer(3))])), Ok(()));
    let mut dead = situation();
    dead.slots.clear();
    for situation in [situation(), dead] {
        let decide = |policy: &PolicyPlugin| policy.decide(&settings([]), &situation, b"old").unwrap().value;
        assert_eq!(decide(&old), decide(&new));
    }
}

#[test]
fn hears_the_evidence() {
    let proactive = policy(bundled("proactive"));
    let mut dead = situation();
    dead.slots.clear();
    let decide = |situation: &_| proactive.decide(&settings([]), situation, &[]).unwrap().value.action;
    assert_eq!(decide(&dead), Action::Stay);
    dead.nodes[0]
        .evidence
        .insert(0, Evidence { source: Source::Tripwire, grade: Grade::Gone, lasts: Duration::from_millis(3) });
    assert_eq!(decide(&dead), Action::SwitchTo(NodeIndex(2)));
}

#[test]
fn hears_everything_that_the_host_says() {
    let threshold = policy(bundled("threshold"));
    let decide = |situation: &_| threshold.decide(&settings([]), situation, &[]).unwrap().value;
    let mut quiet = situation();
    quiet.verdict = Verdict::Chain;
    assert_eq!(decide(&quiet).action, Action::Stay);
    let mut late = situation();
    late.switches[0].at = late.now.minus(Duration::from_secs(631));
    assert_eq!(decide(&late).action, Action::SwitchTo(NodeIndex(1)));
    let mut foreign = situation();
    foreign.holder = Holder::Foreign;
    assert_eq!(decide(&foreign).action, Action::Stay);
    let mut since = situation();
    since.holder_since = Some(dogwatch_chain::Slot(9_959));
    assert_eq!(decide(&since).action, Action::Stay);
    let mut alone = situation();
    alone.nodes.truncate(1);
    let decision = decide(&alone);
    assert_eq!(decision.action, Action::Stay);
    assert_eq!(decision.alerts[0].severity, Severity::Page);
}

#[test]
fn decides_the_same_every_time_everywhere() {
    let first = policy(bundled("threshold")).decide(&settings([]), &situation(), &[]).unwrap();
    let second = policy(bundled("threshold"));
    for _ in 0..20 {
        assert_eq!(second.decide(&settings([]), &situation(), &[]).unwrap(), first);
    }
}

#[test]
fn decides_in_many_threads_at_once() {
    let threshold = policy(bundled("threshold"));
    let expected = threshold.decide(&settings([]), &situation(), &[]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(threshold.decide(&settings([]), &situation(), &[]).unwrap(), expected);
                }
            });
        }
    });
}

#[test]
fn obeys_its_settings() {
    let threshold = policy(bundled("threshold"));
    let three = settings([("misses", Value::Integer(3))]);
    threshold.check(&three).unwrap();
    let decision = threshold.decide(&three, &situation(), &[]).unwrap().value;
    assert_eq!(decision.reason, "one missed 2 slots in a row (9958 to 9979); it takes 3 in a row to switch");
    let mut exhausted = situation();
    exhausted.nodes.truncate(1);
    let disable = settings([("disable-when-exhausted", Value::Flag(true))]);
    assert_eq!(threshold.decide(&disable, &exhausted, &[]).unwrap().value.action, Action::Disable);
}

#[test]
fn finds_every_mistake_in_its_settings() {
    let threshold = policy(bundled("threshold"));
    let wrong = settings([("mises", Value::Integer(3)), ("misses", text("two")), ("window-rounds", Value::Integer(0))]);
    let error = threshold.check(&wrong).unwrap_err();
    assert!(matches!(&error, CheckError::Settings { problems, .. } if problems.len() == 3), "{error}");
    assert_eq!(
        error.to_string(),
        "plugin it does not accept its settings: misses: must be a whole number, found the text \"two\"; \
         window-rounds: must be from 1 to 10000, found 0; mises: no such setting; did you mean misses?"
    );
    // Nor does it decide on them.
    let error = threshold.decide(&wrong, &situation(), &[]).unwrap_err().to_string();
    assert!(error.contains("refuses") && error.contains("did you mean misses?"), "{error}");
}

#[test]
fn describes_itself() {
    let (library, _) = Library::open(Sandbox::new().unwrap(), None);
    let description = library.policy("threshold").unwrap().describe().unwrap();
    assert_eq!((description.name.as_str(), description.version.as_str()), ("threshold", env!("CARGO_PKG_VERSION")));
    let docs: Vec<_> = description.settings.iter().map(|doc| (doc.name.as_str(), doc.default.as_str())).collect();
    assert_eq!(docs, [("misses", "2"), ("window-rounds", "10"), ("disable-when-exhausted", "false")]);
}
