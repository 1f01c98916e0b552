//! Whether the chain goes on, and since when each endpoint has stayed at its head.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::{BlockId, BlockNum, Head, Time};

use crate::rules::AgreementRules;

/// A height further below the highest one than this many blocks is no lag: the chain, or what was taken for it, went back.
const SET_BACK: u32 = 64;

/// What was seen of the endpoints' heads from round to round.
#[derive(Clone, Debug)]
pub(crate) struct HeadProgress<N> {
    /// By endpoint: its head, and since when it is that one.
    stays: BTreeMap<N, (BlockId, Time)>,
    /// The highest height that the quorum answered with.
    height: Option<BlockNum>,
    /// When that last grew.
    grew: Option<(Time, New)>,
}

/// How a head looked by this machine's clock when it was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum New {
    /// As old as it should be, at one endpoint at least.
    Fresh,
    /// Old, or from the future, at all of them: either the clock is wrong, or what they show.
    OffClock,
}

/// How this machine's clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockError {
    /// It is ahead of the chain by about this much.
    Ahead(Duration),
    /// It is behind the chain by about this much.
    Behind(Duration),
}

impl<N> Default for HeadProgress<N> {
    fn default() -> Self {
        Self { stays: BTreeMap::new(), height: None, grew: None }
    }
}

impl<N: Ord + Clone> HeadProgress<N> {
    /// Takes in the heads of a round, the height that the quorum has reached in it, and how they look by the clock.
    pub(crate) fn note<'a>(
        &mut self,
        now: Time,
        heads: impl Iterator<Item = (&'a N, &'a Head)>,
        height: Option<BlockNum>,
        new: New,
    ) where
        N: 'a,
    {
        for (endpoint, head) in heads {
            let stays = self.stays.entry(endpoint.clone()).or_insert((head.id, now));
            // If the clock was set back, the time starts again.
            if stays.0 != head.id || now < stays.1 {
                *stays = (head.id, now);
            }
        }
        let Some(height) = height else { return };
        match self.height {
            Some(known) if height <= known && known.0.saturating_sub(height.0) <= SET_BACK => return,
            Some(known) if height > known => self.grew = Some((now, new)),
            // The first height is no growth.
            _ => self.grew = None,
        }
        self.height = Some(height);
    }

    /// Since when an endpoint has stayed at its head.
    pub(crate) fn since(&self, endpoint: &N) -> Option<Time> {
        self.stays.get(endpoint).map(|(_, since)| *since)
    }

    /// Whether an endpoint with an old head has stayed there while the chain went on: then it is not slow, but frozen.
    pub(crate) fn is_frozen(&self, rules: &AgreementRules, now: Time, endpoint: &N, head: BlockNum) -> bool {
        let (Some(since), Some(height)) = (self.since(endpoint), self.height) else { return false };
        let went_on =
            height > head && !AgreementRules::together(height, head) && self.grew.is_some_and(|(at, _)| at > since);
        went_on && now.since(since).saturating_mul(2) > rules.stale_after
    }

    /// How this machine's clock differs from heads none of which is fresh. Only a head that was off when it was new tells:
    /// any head becomes old when the chain halts.
    pub(crate) fn clock_error(&self, rules: &AgreementRules, now: Time, heads: &[&Head]) -> Option<ClockError> {
        let (height, (at, new)) = (self.height?, self.grew?);
        let together = heads.iter().all(|head| AgreementRules::together(head.num(), height));
        if new == New::Fresh || now.since(at) >= rules.stale_after || !together {
            return None;
        }
        let newest = heads.iter().map(|head| head.time).max()?;
        Some(if newest > now { ClockError::Behind(newest.since(now)) } else { ClockError::Ahead(now.since(newest)) })
    }
}
