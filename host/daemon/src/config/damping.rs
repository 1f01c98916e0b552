//! `probe_rise` and `probe_fall`: how long probes must agree until a node is fit, or no longer.

use std::time::Duration;

use dogwatch_engine::{Damping, Streak};

use crate::config::duration::Range;
use crate::config::problem::Problems;
use crate::config::reader::Section;

/// Reads both: a whole number of probes, or a time. The default is a time.
pub(super) fn read(section: &mut Section<'_>, block_interval: Duration, problems: &mut Problems) -> Damping {
    let two_slots = block_interval.saturating_mul(2);
    let most_of_a_slot = two_slots.checked_div(3).unwrap_or_default();
    Damping {
        rise: streak(section, "probe_rise", problems).unwrap_or_else(|| lasting(two_slots)),
        fall: streak(section, "probe_fall", problems).unwrap_or_else(|| lasting(most_of_a_slot)),
    }
}

fn streak(section: &mut Section<'_>, key: &'static str, problems: &mut Problems) -> Option<Streak> {
    if section.holds_text(key) {
        section.duration_within(key, RANGE, problems).map(lasting)
    } else {
        section.integer(key, 1..=100, problems).map(Streak::of)
    }
}

/// One probe says nothing of a time.
const fn lasting(lasts: Duration) -> Streak {
    Streak { probes: 2, lasts }
}

const RANGE: Range<'_> = Range {
    least: Duration::from_millis(50),
    most: Duration::from_mins(30),
    why: "a shorter time tells no more than one probe, in a longer one a dead node goes unnoticed",
};
