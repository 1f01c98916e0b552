//! Nights in observe mode, and nights in which automatic switches are paused.

use dogwatch_alerts::{AlertEvent, Cause, Severity};
use dogwatch_engine::{Force, Mode};

use crate::support::endpoint::View;
use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::scenario::{QUIET, Scenario, Shown, node};

#[test]
fn modes_and_pauses() {
    let crash = (20, Fault::Node(0, Condition::Crashed));
    let observing = Scenario {
        name: "observing",
        timeline: vec![crash.clone()],
        must: &["missing", "refused/observing"],
        never: &["switching"],
        left: &["missing", "refused/observing", "node/primary"],
        ..QUIET
    };
    observing.play(|watcher| watcher.config.mode = Mode::Observe);
    let armed = Scenario {
        name: "observing, and then armed",
        timeline: vec![crash.clone(), (120, Fault::Mode(Mode::Armed)), (120, Fault::Die(2))],
        changes: 1,
        holder: "second",
        must: &["refused/observing", "switching"],
        never: &[],
        left: &["node/primary"],
        ..QUIET
    };
    armed.play(|watcher| watcher.config.mode = Mode::Observe);
    let pause = Scenario {
        name: "a pause that ends by itself",
        slots: 350,
        timeline: vec![(10, Fault::Pause(150)), crash.clone()],
        changes: 1,
        holder: "second",
        must: &["missing", "refused/paused", "switching"],
        never: &[],
        left: &["node/primary"],
    };
    pause.play(|_| {});
    let resumed = Scenario {
        name: "a pause that is ended",
        timeline: vec![(10, Fault::Pause(100_000)), crash, (150, Fault::Resume)],
        ..pause
    };
    resumed.play(|_| {});
}

#[test]
fn observing_says_only_that_it_observes() {
    let mut near = 0;
    for seed in 0..6 {
        let _shown = Shown(&format!("observing, seed {seed}"));
        let mut night = if seed % 2 == 0 { Night::hive(seed) } else { Night::steem(seed) };
        night.watch(&[700, 2200], seed).config.mode = Mode::Observe;
        night.run(400, &[(20, Fault::Node(0, Condition::Crashed))]);
        let watcher = &night.watchers[0];
        let refused: Vec<_> = watcher.desk.said.iter().filter(|alert| alert.key.cause == Cause::Refused).collect();
        assert!(refused.iter().all(|alert| alert.key.part.as_deref() == Some("observing")), "{refused:?}");
        let opened = refused.iter().filter(|alert| alert.event == AlertEvent::Opened).count();
        assert_eq!(opened, 1, "it does not flap: {refused:?}");
        near += watcher.records.iter().filter(|record| record.outcome.contains("own-slot-near")).count();
    }
    assert!(near > 0, "the records list it all the same");
}

/// A night up to the moment in which the first switch is under way, and nothing has come of it.
fn under_way(seed: u64, delay: u64, view: View) -> Night {
    let mut night = Night::hive(seed);
    night.watch(&[700, 2200], seed).delay = delay;
    night.run(20, &[(10, Fault::Endpoints(view)), (15, Fault::Node(0, Condition::Crashed))]);
    while night.watchers[0].state().in_flight.is_none() {
        night.next();
    }
    night
}

fn restart(night: &mut Night, mode: Mode) {
    let fault = Fault::Mode(mode);
    night.run(1, &[(0, fault), (0, Fault::Die(1))]);
}

#[test]
fn observing_sends_nothing_more() {
    for seed in 0..4 {
        // Nobody but us ever had the bytes; or they are out, and take effect a few slots later.
        for (delay, view, changes, holder) in [(1, View::Swallows, 0, "primary"), (6, View::Well, 1, "second")] {
            let _shown = Shown(&format!("held, seed {seed}, delay {delay}"));
            let mut night = under_way(seed, delay, view);
            let sent = night.watchers[0].sent.len();
            restart(&mut night, Mode::Observe);
            night.run(150, &[]);
            let watcher = &night.watchers[0];
            assert_eq!(watcher.sent.len(), sent, "sent again in observe mode");
            assert_eq!((night.changes(), night.holder()), (changes, holder));
            assert_eq!(watcher.state().in_flight, None);
            let held = watcher.alerts("in-flight-held");
            let events: Vec<_> = held.iter().map(|alert| (alert.event, alert.severity)).collect();
            let expected = [(AlertEvent::Opened, Severity::Critical), (AlertEvent::Resolved, Severity::Critical)];
            assert_eq!(events, expected, "{held:?}");
            assert!(held[0].details.contains("may still get into a block"), "{:?}", held[0]);
        }

        // It is said once, however often it starts; armed again, it goes on.
        let _shown = Shown(&format!("held and armed again, seed {seed}"));
        let mut night = under_way(seed, 1, View::Swallows);
        let sent = night.watchers[0].sent.len();
        restart(&mut night, Mode::Observe);
        night.run(1, &[]);
        restart(&mut night, Mode::Observe);
        night.run(1, &[]);
        assert_eq!(night.watchers[0].alerts("in-flight-held").len(), 1);
        restart(&mut night, Mode::Armed);
        night.run(2, &[]);
        let watcher = &night.watchers[0];
        assert!(watcher.sent.len() > sent && watcher.sent.iter().all(|again| again.id == watcher.sent[0].id));
        assert_eq!(watcher.alerts("in-flight-held").last().unwrap().event, AlertEvent::Resolved);
    }
}

#[test]
fn what_is_forced_while_observing_is_carried_through() {
    let mut night = Night::hive(1);
    night.watch(&[700, 2200], 1).config.mode = Mode::Observe;
    night.run(20, &[(5, Fault::Endpoints(View::Swallows)), (15, Fault::Manual(node("third"), Force::Yes))]);
    night.run(10, &[(0, Fault::Endpoints(View::Well))]);
    let watcher = &night.watchers[0];
    assert!(watcher.answers[0].is_ok() && watcher.sent.len() > 1, "{:?}", watcher.answers);
    assert_eq!((night.changes(), night.holder()), (1, "third"));
    assert!(watcher.alerts("in-flight-held").is_empty());
}
