//! How long the other side lets an idle connection stand, learnt from the ones it closed.

use std::time::Duration;

/// So many connections that stood equally long tell a limit.
const ALIKE: usize = 3;

/// Connections that stood that long are not closed for being idle.
const LONGEST: Duration = Duration::from_mins(15);

/// A limit below this makes a wire a stream of connections.
const SHORTEST: Duration = Duration::from_secs(10);

/// What is known of the limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IdleLimit {
    /// How long the last connections stood that were cut although the port went on taking others, newest last.
    stood: Vec<Duration>,
    found: Option<Duration>,
}

/// Whether a wire can outlast the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// By a new connection now and then, or there is no limit.
    Possible,
    /// Only by one every few seconds.
    Useless {
        /// The limit.
        after: Duration,
    },
}

impl IdleLimit {
    /// Notes a connection that stood this long, and was cut by somebody who takes others at once.
    pub(super) fn note(&mut self, stood: Duration) -> Renewal {
        self.stood.push(stood);
        let surplus = self.stood.len().saturating_sub(ALIKE);
        self.stood.drain(..surplus);
        let (Some(least), Some(most)) = (self.stood.iter().min().copied(), self.stood.iter().max().copied()) else {
            return Renewal::Possible;
        };
        // A quarter apart: servers look for idle connections now and then only.
        let alike = self.stood.len() == ALIKE && most <= least.saturating_add(quarter(least)).saturating_add(SLACK);
        if !alike || least > LONGEST {
            return Renewal::Possible;
        }
        if least < SHORTEST {
            return Renewal::Useless { after: least };
        }
        self.found = Some(least);
        self.stood.clear();
        Renewal::Possible
    }

    /// The node itself went away: what was cut by that tells nothing.
    pub(super) fn forget(&mut self) {
        self.stood.clear();
    }

    /// After how long a connection must be replaced, if it must.
    pub(super) fn renewal(&self) -> Option<Duration> {
        self.found.map(|limit| limit.saturating_sub(quarter(limit)))
    }
}

fn quarter(of: Duration) -> Duration {
    of.checked_div(4).unwrap_or_default()
}

/// What timers and the network add.
const SLACK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn three_that_stood_equally_long_tell_the_limit() {
        let mut limit = IdleLimit::default();
        for stood in [60, 61] {
            assert_eq!(limit.note(s(stood)), Renewal::Possible);
            assert_eq!(limit.renewal(), None);
        }
        assert_eq!(limit.note(s(60)), Renewal::Possible);
        assert_eq!(limit.renewal(), Some(s(45)));
        // The proxy was set up anew.
        for stood in [30, 30, 30] {
            assert_eq!(limit.note(s(stood)), Renewal::Possible);
        }
        assert_eq!(limit.renewal(), Some(Duration::from_millis(22_500)));
    }

    #[test]
    fn restarts_are_no_limit() {
        let mut limit = IdleLimit::default();
        for stood in [40, 300, 20, 7200, 7200, 7300] {
            assert_eq!(limit.note(s(stood)), Renewal::Possible, "{stood} s");
        }
        assert_eq!(limit.renewal(), None);
        for stood in [60, 60] {
            limit.note(s(stood));
        }
        limit.forget();
        limit.note(s(60));
        assert_eq!(limit.renewal(), None, "the node was away in between");
    }

    #[test]
    fn a_limit_of_seconds_makes_it_useless() {
        let mut limit = IdleLimit::default();
        assert_eq!(limit.note(s(5)), Renewal::Possible);
        assert_eq!(limit.note(s(5)), Renewal::Possible);
        assert_eq!(limit.note(s(5)), Renewal::Useless { after: s(5) });
        assert_eq!(limit.renewal(), None);
    }
}
