//! When a policy that fails is asked again.

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_plugins::{Fault, PluginError};

/// How many failures within [`COUNTED`] put a policy aside.
const MOST: usize = 3;
/// For how many slots a failure counts: an hour of slots of 3 s.
const COUNTED: u32 = 1200;
/// For how many slots a policy rests after its first failure, and after its second: half a minute, and five.
const RESTS: [u32; MOST - 1] = [10, 100];

/// The failures of a policy that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Strikes {
    /// Oldest first.
    recent: Vec<Strike>,
    /// What the last one was.
    last: Option<String>,
    rests_until: Option<Time>,
    aside: bool,
}

/// A failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Strike {
    at: Time,
    cause: Cause,
}

/// What a failure may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The policy alone.
    Policy,
    /// A busy machine as well.
    Machine,
}

/// Whether a policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is.
    Ask,
    /// Not until then.
    Wait(Time),
    /// Not until another file takes its place.
    Aside,
}

impl Strikes {
    /// Whether the policy is asked now.
    pub(super) fn turn(&self, now: Time) -> Turn {
        match self.rests_until {
            _ if self.aside => Turn::Aside,
            // A clock that was set back must not make a short rest a long one.
            Some(until) if now < until && self.recent.last().is_none_or(|last| last.at <= now) => Turn::Wait(until),
            _ => Turn::Ask,
        }
    }

    /// What the last failure was.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// Notes a failure. A policy that refuses to decide does so in time and by intention, and is asked each time. What a busy
    /// machine may have caused makes it rest, and does not put it aside.
    pub(super) fn note(&mut self, now: Time, error: &PluginError, interval: Duration) {
        let cause = match error.fault {
            Fault::Refused(_) => return,
            Fault::OutOfTime { .. } | Fault::Sandbox(_) => Cause::Machine,
            _ => Cause::Policy,
        };
        let slots = |count: u32| interval.saturating_mul(count);
        self.recent.retain(|strike| strike.at <= now && now.since(strike.at) < slots(COUNTED));
        self.recent.push(Strike { at: now, cause });
        self.last = Some(error.to_string());
        let rest = RESTS.get(self.recent.len().saturating_sub(1)).or(RESTS.last());
        self.rests_until = rest.map(|rest| now.plus(slots(*rest)));
        self.aside = self.recent.iter().filter(|strike| strike.cause == Cause::Policy).count() >= MOST;
    }
}

#[cfg(test)]
mod tests {
    use dogwatch_plugins::{PluginFunction, PluginMessage};

    use super::*;
    use crate::testing::START;

    const SLOT: Duration = Duration::from_secs(3);

    #[test]
    fn the_book_says_so() {
        let page = include_str!("../../../../../docs/src/authors/limits.md");
        let slots = |count: u32| match (count / 1000, count % 1000) {
            (0, rest) => format!("{rest} slots"),
            (thousands, rest) => format!("{thousands},{rest:03} slots"),
        };
        let [first, second] = RESTS.map(slots);
        for (name, limit) in
            [("RESTS[0]", first), ("RESTS[1]", second), ("COUNTED", slots(COUNTED)), ("MOST", MOST.to_string())]
        {
            assert!(page.contains(&format!(" | {limit} | `{name}` |\n")), "{name} is {limit}");
        }
    }

    fn error(fault: Fault) -> PluginError {
        PluginError { plugin: "night-owl".to_owned(), function: PluginFunction::Decide, fault, said: None }
    }

    fn after(slots: u32) -> Time {
        START.plus(SLOT.saturating_mul(slots))
    }

    #[test]
    fn three_crashes_within_an_hour_put_a_policy_aside() {
        let mut strikes = Strikes::default();
        assert_eq!(strikes.turn(after(0)), Turn::Ask);
        strikes.note(after(0), &error(Fault::Panicked), SLOT);
        assert_eq!(strikes.turn(after(1)), Turn::Wait(after(10)));
        assert_eq!(strikes.turn(after(10)), Turn::Ask);
        strikes.note(after(10), &error(Fault::Panicked), SLOT);
        assert_eq!(strikes.turn(after(109)), Turn::Wait(after(110)));
        strikes.note(after(110), &error(Fault::Panicked), SLOT);
        assert_eq!(strikes.turn(after(110)), Turn::Aside);
        assert_eq!(strikes.turn(after(100_000)), Turn::Aside);
        assert!(strikes.last().unwrap().contains("panicked"));
    }

    #[test]
    fn a_crash_an_hour_ago_no_longer_counts() {
        let mut strikes = Strikes::default();
        for hour in 0..20 {
            strikes.note(after(hour * COUNTED), &error(Fault::Panicked), SLOT);
            assert_eq!(strikes.turn(after(hour * COUNTED)), Turn::Wait(after(hour * COUNTED + 10)), "hour {hour}");
        }
    }

    #[test]
    fn a_busy_machine_puts_no_policy_aside() {
        let mut strikes = Strikes::default();
        let mut now = 0;
        for _ in 0..20 {
            strikes.note(after(now), &error(Fault::OutOfTime { millis: 1000 }), SLOT);
            assert!(matches!(strikes.turn(after(now)), Turn::Wait(_)));
            now += 100;
            assert_eq!(strikes.turn(after(now)), Turn::Ask);
        }
    }

    #[test]
    fn a_crash_after_two_on_a_busy_machine_is_the_first() {
        let mut strikes = Strikes::default();
        strikes.note(after(0), &error(Fault::OutOfTime { millis: 1000 }), SLOT);
        strikes.note(after(10), &error(Fault::OutOfTime { millis: 1000 }), SLOT);
        strikes.note(after(110), &error(Fault::Panicked), SLOT);
        assert_eq!(strikes.turn(after(110)), Turn::Wait(after(210)));
        strikes.note(after(210), &error(Fault::Panicked), SLOT);
        strikes.note(after(310), &error(Fault::Panicked), SLOT);
        assert_eq!(strikes.turn(after(410)), Turn::Aside);
    }

    #[test]
    fn a_refusal_is_an_answer_and_no_failure() {
        let mut strikes = Strikes::default();
        for _ in 0..10 {
            strikes.note(after(0), &error(Fault::Refused(PluginMessage::new("no node is known"))), SLOT);
        }
        assert_eq!(strikes, Strikes::default());
    }

    #[test]
    fn a_clock_set_back_ends_a_rest() {
        let mut strikes = Strikes::default();
        strikes.note(after(10_000), &error(Fault::Panicked), SLOT);
        assert_eq!(strikes.turn(after(0)), Turn::Ask);
    }
}
