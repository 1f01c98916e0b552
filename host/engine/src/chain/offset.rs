//! By how much this machine's clock is wrong, measured against the clocks of the endpoints' servers.
//!
//! Each HTTP answer carries a `Date` in whole seconds. It was written after the request was made and before the answer
//! arrived, when the server's clock was within one second of it. So every answer bounds the difference from both sides;
//! answers at different moments of a second bound it closely. The median of the operators counts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use dogwatch_chain::Time;

use crate::chain::reading::EndpointReading;

/// The `Date` of an answer, and when it was written by this machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerDate {
    /// What the server wrote, in whole seconds.
    pub date: Time,
    /// When the request was made.
    pub asked: Time,
    /// When the answer arrived.
    pub received: Time,
}

/// Answers that are remembered of each operator: a minute of polls.
const REMEMBERED: usize = 20;
/// Bounds this close, in milliseconds, that prove a difference have their middle for an estimate; wider ones the end nearer
/// to nothing.
const CLOSE: i64 = 700;
/// A difference below this, in milliseconds, is left alone: it may be the network's.
const TOLERATED: i64 = 250;
/// A correction that is this good, in milliseconds, stays as it is: time should not jump with every answer.
const GOOD_ENOUGH: i64 = 100;

/// How a clock differs from the right time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockOffset {
    /// It is right, or nothing is known of it.
    None,
    /// It is ahead by this much.
    Ahead(Duration),
    /// It is behind by this much.
    Behind(Duration),
}

impl ClockOffset {
    /// The right time when such a clock shows `local`.
    pub fn correct(self, local: Time) -> Time {
        match self {
            Self::None => local,
            Self::Ahead(by) => local.minus(by),
            Self::Behind(by) => local.plus(by),
        }
    }
}

/// The least and the greatest difference, in milliseconds, that answers allow: the right time less this machine's.
type Bounds = (i64, i64);

/// Measures the difference, and corrects times by it.
#[derive(Clone, Debug, Default)]
pub(super) struct ClockCorrection {
    /// By operator: the bounds that its newest answers set.
    bounds: BTreeMap<String, VecDeque<Bounds>>,
    /// What is added to this machine's time, in milliseconds.
    applied: i64,
}

impl ClockCorrection {
    /// Takes in a round of answers.
    pub(super) fn note(&mut self, readings: &[EndpointReading]) {
        let dated = |reading: &EndpointReading| Some((reading.operator.clone(), bounds_of(reading.date?)?));
        let round: Vec<(String, Bounds)> = readings.iter().filter_map(dated).collect();
        if !round.is_empty() {
            // What an operator no longer says is forgotten, answer by answer.
            self.bounds.retain(|operator, bounds| {
                round.iter().any(|(heard, _)| heard == operator) || bounds.pop_front().is_some()
            });
        }
        for (operator, new) in round {
            let bounds = self.bounds.entry(operator).or_default();
            bounds.push_back(new);
            while bounds.len() > REMEMBERED {
                bounds.pop_front();
            }
        }
        let Some(estimate) = self.estimate() else { return };
        if estimate.abs() < TOLERATED {
            self.applied = 0;
        } else if estimate.abs_diff(self.applied) >= GOOD_ENOUGH.unsigned_abs() {
            self.applied = estimate;
        }
    }

    /// This machine's clock was set: forward by this many milliseconds, or back if they are negative. What was measured
    /// holds for it as well; if nothing was, the clock may have been set right.
    pub(super) fn clock_was_set(&mut self, forward: i64) {
        if self.bounds.is_empty() {
            return;
        }
        for (least, most) in self.bounds.values_mut().flatten() {
            (*least, *most) = (least.saturating_sub(forward), most.saturating_sub(forward));
        }
        self.applied = self.applied.saturating_sub(forward);
    }

    /// The right time, as far as is known, when this machine's clock shows `local`.
    pub(super) fn correct(&self, local: Time) -> Time {
        self.offset().correct(local)
    }

    /// Whether anything is known of it.
    pub(super) fn is_measured(&self) -> bool {
        !self.bounds.is_empty()
    }

    /// How this machine's clock differs.
    pub(super) fn offset(&self) -> ClockOffset {
        let by = Duration::from_millis(self.applied.unsigned_abs());
        match self.applied {
            0 => ClockOffset::None,
            behind if behind > 0 => ClockOffset::Behind(by),
            _ => ClockOffset::Ahead(by),
        }
    }

    fn estimate(&self) -> Option<i64> {
        let all: Vec<Bounds> = self.bounds.values().filter_map(within).collect();
        let (least, most) = (median(all.iter().map(|(least, _)| *least))?, median(all.iter().map(|(_, most)| *most))?);
        let close = most.saturating_sub(least) <= CLOSE;
        Some(match () {
            // It may be right.
            () if least <= 0 && most >= 0 => 0,
            () if close => least.saturating_add(most) / 2,
            () if least > 0 => least,
            () => most,
        })
    }
}

/// What one answer allows; nothing if the clock was set back while it was on its way.
fn bounds_of(ServerDate { date, asked, received }: ServerDate) -> Option<Bounds> {
    let least = date.as_millis().saturating_sub(received.as_millis());
    let most = date.as_millis().saturating_add(1000).saturating_sub(asked.as_millis());
    (least <= most).then_some((least, most))
}

/// What all answers allow that came since the clock was last set.
fn within(bounds: &VecDeque<Bounds>) -> Option<Bounds> {
    let mut newest = bounds.iter().rev();
    let first = *newest.next()?;
    let narrow = |within: Bounds, bounds: &Bounds| {
        let both = (within.0.max(bounds.0), within.1.min(bounds.1));
        // An older answer that does not fit is from before the clock was set.
        (both.0 <= both.1).then_some(both)
    };
    let mut all = first;
    for bounds in newest {
        match narrow(all, bounds) {
            Some(both) => all = both,
            None => break,
        }
    }
    Some(all)
}

/// The median; of two the one nearer to nothing.
fn median(numbers: impl Iterator<Item = i64>) -> Option<i64> {
    let mut sorted: Vec<i64> = numbers.collect();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(if lower.abs() < upper.abs() { lower } else { upper })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::silent;

    /// A round of answers written at that moment, in milliseconds, as a clock receives them that is ahead by `ahead`. They
    /// are `way` milliseconds on their way.
    fn round(ahead: i64, at: i64, way: i64, operators: &[&str]) -> Vec<EndpointReading> {
        let now = 1_700_000_000_000 + at;
        let date = Time::from_millis(now - now.rem_euclid(1000));
        let (asked, received) = (Time::from_millis(now + ahead - 50), Time::from_millis(now + ahead + way));
        let reading = |operator: &&str| {
            let date = if *operator == "c" { date.plus(Duration::from_secs(5000)) } else { date };
            EndpointReading { date: Some(ServerDate { date, asked, received }), ..silent(operator) }
        };
        operators.iter().map(reading).collect()
    }

    /// Answers at those moments, 100 ms on their way. One server's clock is wrong.
    fn measured(ahead: i64, at: &[i64]) -> ClockCorrection {
        let mut correction = ClockCorrection::default();
        for at in at {
            correction.note(&round(ahead, *at, 100, &["a", "b", "c"]));
        }
        correction
    }

    #[test]
    fn answers_at_different_moments_bound_it_closely() {
        // Polls come at 0.75, 1.0 and 1.25 s of each slot.
        let polls: Vec<i64> = (0..12).map(|n| n * 3000 + [750, 1000, 1250][usize::try_from(n % 3).unwrap()]).collect();
        for ahead in [-9000, -1300, -600, 600, 900, 2100, 3_600_000] {
            let correction = measured(ahead, &polls);
            assert!((correction.applied + ahead).abs() <= 250, "{ahead}: {}", correction.applied);
        }
        for ahead in [-100, 0, 100, 150] {
            assert_eq!(measured(ahead, &polls).offset(), ClockOffset::None, "{ahead}");
        }
    }

    #[test]
    fn wide_bounds_correct_no_more_than_they_prove() {
        // Always at the same moment of a second.
        let polls: Vec<i64> = (0..12).map(|n| n * 3000 + 100).collect();
        assert_eq!(measured(0, &polls).offset(), ClockOffset::None);
        for ahead in [-5000, -2000, 2000, 5000] {
            let applied = measured(ahead, &polls).applied;
            assert!(applied.signum() == -ahead.signum() && applied.abs() <= ahead.abs(), "{ahead}: {applied}");
        }
    }

    #[test]
    fn a_clock_that_is_set_is_measured_anew() {
        let mut correction = measured(3_600_000, &[750, 4000, 7250]);
        assert!(matches!(correction.offset(), ClockOffset::Ahead(_)));
        correction.bounds.clone_from(&measured(0, &[10_750]).bounds);
        correction.note(&[]);
        assert_eq!(correction.offset(), ClockOffset::None);
        assert_eq!(correction.correct(Time::from_secs(5)), Time::from_secs(5));
    }

    #[test]
    fn answers_that_take_long_prove_less_and_nothing_wrong() {
        for way in [600, 1500, 4000] {
            let mut correction = ClockCorrection::default();
            for n in 0..12 {
                correction.note(&round(
                    0,
                    n * 3000 + [750, 1000, 1250][usize::try_from(n % 3).unwrap()],
                    way,
                    &["a", "b"],
                ));
            }
            assert_eq!(correction.offset(), ClockOffset::None, "{way}");
        }
    }

    #[test]
    fn a_step_of_the_clock_does_not_wait_for_the_next_answers() {
        let mut correction = measured(2100, &[750, 4000, 7250]);
        let local = Time::from_secs(1_700_000_010);
        let before = correction.correct(local);
        correction.clock_was_set(3_600_000);
        assert_eq!(correction.correct(local.plus(Duration::from_secs(3600))), before);
        correction.clock_was_set(-7_200_000);
        assert_eq!(correction.correct(local.minus(Duration::from_secs(3600))), before);
        correction.note(&round(2100 - 3_600_000, 10_750, 100, &["a", "b", "c"]));
        assert_eq!(correction.correct(local.minus(Duration::from_secs(3600))), before, "the answers agree");

        let mut unmeasured = ClockCorrection::default();
        unmeasured.clock_was_set(3_600_000);
        assert_eq!(unmeasured.offset(), ClockOffset::None, "it may have been set right");
    }

    #[test]
    fn a_clock_that_was_set_while_an_answer_was_on_its_way_proves_nothing() {
        let mut correction = ClockCorrection::default();
        correction.note(&round(0, 750, -3_600_000, &["a", "b"]));
        assert_eq!(correction.offset(), ClockOffset::None);
        assert!(correction.bounds.is_empty());
    }

    #[test]
    fn an_operator_that_fell_silent_is_forgotten() {
        let mut correction = ClockCorrection::default();
        for n in 0..20 {
            correction.note(&round(0, n * 3000 + 750, 100, &["a", "b"]));
        }
        // Whatever drift there is from here on, one operator alone shows it.
        for n in 20..41 {
            correction.note(&round(9000, n * 3000 + 750, 100, &["a"]));
            correction.note(&[]);
        }
        assert!(matches!(correction.offset(), ClockOffset::Ahead(_)), "{correction:?}");
    }
}
