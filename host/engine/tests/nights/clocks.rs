//! Nights in which the watcher's clock is wrong, is set, or jumps. The endpoints' answers tell the right time.

use std::time::Duration;

use dogwatch_alerts::{AlertEvent, Severity};

use crate::support::night::{Fault, Night};
use crate::support::node::Condition;
use crate::support::scenario::{QUIET, Scenario, Shown};

const HOUR: i64 = 3_600_000;

/// The primary dies under a clock like that: there is a switch as in any other night, and a word about the clock.
#[test]
fn a_wrong_clock_is_corrected() {
    use Fault::Clock;
    let crash = (60, Fault::Node(0, Condition::Crashed));
    let night = |name, clock: &[(u64, Fault)], left| Scenario {
        name,
        timeline: [clock, std::slice::from_ref(&crash)].concat(),
        changes: 1,
        holder: "second",
        must: &["clock-offset", "missing", "switching"],
        never: &["blind", "halted", "thin", "split", "clock", "refused", "key-changed", "minority-fork"],
        left,
        ..QUIET
    };
    let wrong: &[&str] = &["node/primary", "clock-offset"];
    let scenarios = [
        night("three seconds ahead", &[(0, Clock(3000))], wrong),
        night("three seconds behind", &[(0, Clock(-3000))], wrong),
        night("fifteen seconds ahead", &[(0, Clock(15_000))], wrong),
        night("fifteen seconds behind", &[(0, Clock(-15_000))], wrong),
        night("an hour ahead when it starts", &[(0, Clock(HOUR))], wrong),
        night(
            "an hour ahead when it starts, and then set back",
            &[(0, Clock(HOUR)), (40, Clock(0))],
            &["node/primary"],
        ),
        night("it jumps an hour ahead in mid-outage", &[(70, Clock(HOUR))], wrong),
        night("it is set back by an hour in mid-outage", &[(70, Clock(-HOUR))], wrong),
        night("it jumps, and is set right in mid-outage", &[(20, Clock(-HOUR)), (70, Clock(0))], &["node/primary"]),
    ];
    for scenario in scenarios {
        scenario.play(|_| {});
    }
}

/// No word about a clock that is as right as can be, nor about one that is a moment off.
#[test]
fn a_right_clock_is_left_alone() {
    for ahead in [-200, 0, 200] {
        let right = Scenario { name: "a right clock", timeline: vec![(0, Fault::Clock(ahead))], ..QUIET };
        right.play(|_| {});
    }
}

/// The clock jumps a day ahead during a pause of 150 slots: the pause ends when they have passed, and no earlier.
#[test]
fn a_jump_ends_no_pause() {
    let jump = Scenario {
        name: "a jump in a pause",
        slots: 350,
        timeline: vec![
            (10, Fault::Pause(150)),
            (15, Fault::Node(0, Condition::Crashed)),
            (30, Fault::Clock(24 * HOUR)),
            (60, Fault::Clock(-24 * HOUR)),
        ],
        changes: 1,
        holder: "second",
        must: &["missing", "refused/paused", "switching", "clock-offset"],
        never: &["blind", "halted", "clock"],
        left: &["node/primary", "clock-offset"],
    };
    jump.play(|_| {});
    let mut night = Night::hive(3);
    night.watch(&[700, 2200], 3);
    let faults = [(10, Fault::Pause(150)), (15, Fault::Node(0, Condition::Crashed)), (30, Fault::Clock(24 * HOUR))];
    night.run(155, &faults);
    assert_eq!((night.changes(), night.watchers[0].sent.len()), (0, 0), "still paused");
}

/// What it is worth: the transaction of a switch expires by the chain's time, whatever this machine's clock shows.
#[test]
fn a_switch_under_a_wrong_clock_expires_by_the_chains_time() {
    for ahead in [-HOUR, -15_000, 15_000, HOUR] {
        let _shown = Shown(&format!("{ahead} ms ahead"));
        let mut night = Night::hive(2);
        night.watch(&[700, 2200], 2);
        night.run(150, &[(0, Fault::Clock(ahead)), (10, Fault::Node(0, Condition::Crashed))]);
        assert_eq!((night.changes(), night.holder()), (1, "second"));
        let watcher = &night.watchers[0];
        let plan = &watcher.sent[0].plan;
        let decided = night.world.chain.key_changes()[0].time;
        let valid = plan.expiration.since(decided);
        assert!(valid <= watcher.config.expiration + Duration::from_secs(2), "{valid:?}");
        let told = watcher.alerts("clock-offset");
        assert_eq!((told[0].event, told[0].severity), (AlertEvent::Opened, Severity::Warning));
        assert!(told[0].summary.contains(if ahead > 0 { "ahead of" } else { "behind" }), "{}", told[0].summary);
    }
}
