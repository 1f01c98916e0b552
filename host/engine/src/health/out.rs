//! The proof that a node produces nothing.

use std::time::Duration;

use dogwatch_chain::Time;

use crate::beat::NodeProcess;
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
            Source::Beat => {
                let still_said = matches!(beats, Some(Grade::Stalled | Grade::Gone));
                probe == Grade::Good && !still_said
            }
            Source::Tripwire | Source::Probe => matches!(probe, Grade::Good | Grade::Unfit | Grade::Behind),
        }
    }

    /// Whether its own machine speaks against it now: only the process itself can, not silence. One that was started since is
    /// not the one that ended, and may take minutes until it produces: its probes tell, if it has any.
    pub(super) fn is_refuted_by_beat(self, now: Time, process: NodeProcess, is_probed: bool) -> bool {
        let NodeProcess::Running(watched) = process else { return false };
        let late = self.source == Source::Tripwire && now.since(self.since) < ON_ITS_WAY;
        let is_the_same = now.minus(watched) < self.since;
        !late && (is_the_same || !is_probed)
    }
}
