//! By how much this machine's clock is wrong, measured against the clocks of the endpoints' servers.
//!
//! Each HTTP answer carries a `Date` in whole seconds. It says that the server's clock was within one second of it, so
//! every answer bounds the difference from both sides; answers at different moments of a second bound it closely. The median
//! of the operators counts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use dogwatch_chain::Time;

use crate::chain::reading::EndpointReading;

/// The `Date` of an answer, and when it arrived by this machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerDate {
    /// What the server wrote, in whole seconds.
    pub date: Time,
    /// When it arrived here.
    pub received: Time,
}

/// Answers that are remembered of each operator: a minute of polls.
const REMEMBERED: usize = 20;
/// How long an answer may be on its way, in milliseconds.
const ON_ITS_WAY: i64 = 250;
/// Bounds this close, in milliseconds, have their middle for an estimate; wider ones the end nearer to nothing.
const CLOSE: i64 = 700;
/// A difference below this, in milliseconds, is left alone: it may be the network's.
const TOLERATED: i64 = 250;

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
        for reading in readings {
            let Some(ServerDate { date, received }) = reading.date else { continue };
            let least = date.as_millis().saturating_sub(received.as_millis());
            let most = least.saturating_add(1000).saturating_add(ON_ITS_WAY);
            let bounds = self.bounds.entry(reading.operator.clone()).or_default();
            bounds.push_back((least, most));
            while bounds.len() > REMEMBERED {
                bounds.pop_front();
            }
        }
        let Some(estimate) = self.estimate() else { return };
        if estimate.abs() < TOLERATED {
            self.applied = 0;
        } else if estimate.abs_diff(self.applied) >= TOLERATED.unsigned_abs() {
            self.applied = estimate;
        }
    }

    /// The right time, as far as is known, when this machine's clock shows `local`.
    pub(super) fn correct(&self, local: Time) -> Time {
        Time::from_millis(local.as_millis().saturating_add(self.applied))
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
        Some(match most.saturating_sub(least) <= CLOSE {
            true => least.saturating_add(most) / 2,
            false if least > 0 => least,
            false => most.min(0),
        })
    }
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

    /// Answers in milliseconds of the right time, as a clock receives them that is ahead by `ahead`, 100 ms later.
    fn measured(ahead: i64, at: &[i64]) -> ClockCorrection {
        let mut correction = ClockCorrection::default();
        for at in at {
            let now = 1_700_000_000_000 + at;
            let date = Time::from_millis(now - now.rem_euclid(1000));
            let received = Time::from_millis(now + 100 + ahead);
            for operator in ["a", "b", "c"] {
                let date = if operator == "c" { date.plus(Duration::from_secs(5000)) } else { date };
                let date = Some(ServerDate { date, received });
                correction.note(&[EndpointReading { date, ..silent(operator) }]);
            }
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
        for ahead in [-150, 0, 100, 150] {
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
}
