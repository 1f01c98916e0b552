//! How long probes must agree before they change a node's health.

use std::time::Duration;

use dogwatch_chain::Time;

/// What changes a node's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damping {
    /// Good probes to become healthy.
    pub rise: Streak,
    /// Bad ones to become unhealthy.
    pub fall: Streak,
}

/// Probes in a row that say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streak {
    /// At least so many. None is one.
    pub probes: u32,
    /// At least this long from the first to the last.
    pub lasts: Duration,
}

impl Streak {
    /// So many, however fast they come.
    pub const fn of(probes: u32) -> Self {
        Self { probes, lasts: Duration::ZERO }
    }
}

/// The probes in a row that have said the same so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    probes: u32,
    first: Option<Time>,
}

impl Run {
    pub(super) fn note(&mut self, now: Time) {
        self.probes = self.probes.saturating_add(1);
        // If the clock was set back, the time starts again.
        self.first = Some(self.first.map_or(now, |first| first.min(now)));
    }

    pub(super) fn is_enough(self, now: Time, needed: Streak) -> bool {
        self.probes >= needed.probes.max(1) && self.first.is_some_and(|first| now.since(first) >= needed.lasts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_must_agree_often_and_long_enough() {
        let needed = Streak { probes: 3, lasts: Duration::from_secs(10) };
        let second = |second: i64| Time::from_millis(second * 1000);
        for (probes, enough) in [
            (&[][..], false),
            (&[0, 5], false),
            (&[0, 20], false),
            (&[0, 1, 2, 3, 4, 9], false),
            (&[0, 1, 2, 3, 4, 10], true),
            (&[0, 5, 10], true),
            // The clock was set back by a minute, and ahead again.
            (&[60, 0, 1, 5], false),
            (&[60, 0, 1, 10], true),
        ] {
            let mut run = Run::default();
            probes.iter().for_each(|at| run.note(second(*at)));
            let now = second(probes.last().copied().unwrap_or_default());
            assert_eq!(run.is_enough(now, needed), enough, "{probes:?}");
        }
    }
}
