//! Whether the chain moves on, which endpoints stay behind, and whether this machine's clock fits the chain's.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::{BlockId, BlockNum, Head, Time};

/// Two endpoints that follow one chain are no further apart than this many blocks.
const TOGETHER: u32 = 3;

/// Whether this machine's clock fits the chain's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WallClock {
    /// It does, as far as can be told.
    Plausible,
    /// It is ahead by this much: the endpoints move on together, with older heads.
    Ahead(Duration),
    /// It is behind by this much: the endpoints move on together, with newer heads.
    Behind(Duration),
}

/// What was seen of the endpoints' heads from round to round.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadProgress {
    /// By endpoint: its head, and since when it is that one.
    stays: BTreeMap<String, (BlockId, Time)>,
    /// The height that the quorum answered with, and when that last grew.
    growth: Option<(BlockNum, Option<Time>)>,
}

impl HeadProgress {
    /// Takes in a round of heads, and the height that the quorum has reached.
    pub(super) fn note(&mut self, now: Time, heads: &[(&str, &Head)], height: Option<BlockNum>) {
        for (endpoint, head) in heads {
            let stays = self.stays.entry((*endpoint).to_owned()).or_insert((head.id, now));
            // If the clock was set back, the time starts again.
            if stays.0 != head.id || now < stays.1 {
                *stays = (head.id, now);
            }
        }
        match (height, self.growth) {
            (None, _) => {}
            (Some(height), Some((known, _))) if height <= known => {}
            // The first height is no growth.
            (Some(height), before) => self.growth = Some((height, before.map(|_| now))),
        }
    }

    /// Whether an endpoint with an old head has stayed there while the chain went on: then it is not slow, but frozen.
    pub(super) fn is_frozen(&self, now: Time, endpoint: &str, head: BlockNum, stale_after: Duration) -> bool {
        let Some((_, since)) = self.stays.get(endpoint) else { return false };
        let went_on = self
            .growth
            .is_some_and(|(height, at)| height.0 > head.0.saturating_add(TOGETHER) && at.is_some_and(|at| at > *since));
        went_on && now.since(*since).saturating_mul(2) > stale_after
    }

    /// How this machine's clock differs from heads that all look old or new by it, if they go on together.
    pub(super) fn wall_clock(&self, now: Time, heads: &[(&str, &Head)], stale_after: Duration) -> WallClock {
        let moving = self.growth.and_then(|(height, at)| Some((height, at?)));
        let Some((height, _)) = moving.filter(|(_, at)| now.since(*at) < stale_after) else {
            return WallClock::Plausible;
        };
        let together = heads.iter().all(|(_, head)| head.num().0.abs_diff(height.0) <= TOGETHER);
        match heads.iter().map(|(_, head)| head.time).max().filter(|_| together) {
            None => WallClock::Plausible,
            Some(newest) if newest > now => WallClock::Behind(newest.since(now)),
            Some(newest) => WallClock::Ahead(now.since(newest)),
        }
    }
}
