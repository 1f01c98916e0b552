//! The numbers by which answers are judged.

use std::time::Duration;

use dogwatch_chain::{BlockNum, Head, Time};

/// Two endpoints that follow one chain are at most this many blocks apart.
pub(crate) const TOGETHER: u32 = 3;

/// What counts as agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgreementRules {
    /// How many operators must say the same; all of them if fewer are configured.
    pub quorum: u32,
    /// A head older than this is stale, and one dated further ahead is from the future.
    pub stale_after: Duration,
    /// Time from block to block.
    pub interval: Duration,
}

impl AgreementRules {
    /// How many of so many operators must agree.
    pub fn need(&self, operators: usize) -> usize {
        usize::try_from(self.quorum).unwrap_or(usize::MAX).min(operators).max(1)
    }

    /// Whether a head is neither old nor from the future by this machine's clock.
    pub fn is_fresh(&self, now: Time, head: &Head) -> bool {
        self.stale_by(now, head).is_none() && self.future_by(now, head).is_none()
    }

    /// The head's age, if that makes it stale.
    pub(crate) fn stale_by(&self, now: Time, head: &Head) -> Option<Duration> {
        Some(now.since(head.time)).filter(|age| *age > self.stale_after)
    }

    /// How far the head's time is ahead of this machine's clock, if that is too far.
    pub(crate) fn future_by(&self, now: Time, head: &Head) -> Option<Duration> {
        Some(head.time.since(now)).filter(|ahead| *ahead > self.stale_after)
    }

    /// Whether two endpoints at these heights may well follow one chain.
    pub(crate) fn together(one: BlockNum, other: BlockNum) -> bool {
        one.0.abs_diff(other.0) <= TOGETHER
    }

    /// How many blocks fresh heads can be apart at most.
    pub(crate) fn farthest(&self) -> u32 {
        let slots = self.stale_after.as_millis().checked_div(self.interval.as_millis().max(1)).unwrap_or_default();
        u32::try_from(slots).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2)
    }

    /// Whether something that began then has lasted for half the time after which a head is stale.
    pub(crate) fn has_lasted(&self, now: Time, since: Time) -> bool {
        now.since(since).saturating_mul(2) >= self.stale_after
    }
}
