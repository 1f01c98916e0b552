//! The proof that a node produces nothing.

use std::time::Duration;

use dogwatch_chain::Time;

use crate::evidence::{Grade, Source};
use crate::health::Unfit;

/// What its machine said before the end of the process may arrive so much later.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// The proof that a node produces nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Out {
    pub(super) since: Time,
    /// The tripwire or the beat.
    pub(super) source: Source,
    /// Its process has ended, or stands still.
    pub(super) grade: Grade,
}

impl Out {
    pub(super) fn unfit(self) -> Unfit {
        match (self.source, self.grade) {
            (_, Grade::Stalled) => Unfit::Stalled,
            (Source::Beat, _) => Unfit::Ended,
            (Source::Tripwire | Source::Probe, _) => Unfit::Gone,
        }
    }

    /// Whether a probe's result speaks against it. What its own machine says of a process is not refuted by what answers on a
    /// port, which may be a proxy, while the machine still says it.
    pub(super) fn is_refuted_by_probe(self, probe: Grade, beats: Option<Grade>) -> bool {
        match self.source {
            Source::Beat => probe == Grade::Good && beats == Some(Grade::Silent),
            Source::Tripwire | Source::Probe => matches!(probe, Grade::Good | Grade::Unfit),
        }
    }

    /// Whether its own machine speaks against it now: only the process itself can, not silence.
    pub(super) fn is_refuted_by_beat(self, now: Time, beat: Grade) -> bool {
        let late = self.source == Source::Tripwire && now.since(self.since) < ON_ITS_WAY;
        beat == Grade::Good && !late
    }
}
