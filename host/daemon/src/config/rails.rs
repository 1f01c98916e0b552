//! `[witness.rails]`.

use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_engine::{Disable, Rails};

use crate::config::duration::Range;
use crate::config::problem::Problems;
use crate::config::reader::Section;

/// The largest budget: older switches than the last 32 are not remembered.
const MOST_SWITCHES: u32 = 32;
const DAY: Duration = Duration::from_hours(24);

/// Reads the rails; settings that are not given get their default.
pub(super) fn read(
    section: Option<Section<'_>>,
    profile: &Profile,
    half_round: Option<Duration>,
    probe_interval: Duration,
    problems: &mut Problems,
) -> Rails {
    let window =
        Range { least: Duration::ZERO, most: DAY.saturating_mul(30), why: "older switches are not remembered" };
    let cool_down = Range { least: Duration::ZERO, most: DAY, why: "a longer one would leave failures unhandled" };
    let guard = Range {
        least: Duration::ZERO,
        most: half_round.unwrap_or(Duration::MAX),
        why: "more than half a round leaves hardly any time to switch",
    };
    let defaults = Rails {
        budget: 3,
        budget_window: Duration::from_secs(6 * 3600),
        cool_down: profile.round().saturating_mul(2),
        own_slot_guard: profile.slots(2),
        // 80 % of 128 slots.
        min_participation: 103,
        // Three probes may be lost before a standby counts as unseen.
        candidate_fresh: profile.slots(10).max(probe_interval.saturating_mul(4)).max(Duration::from_secs(2)),
        disable: Disable::Never,
    };
    let Some(mut section) = section else { return defaults };
    let rails = Rails {
        budget: section.integer("budget", 0..=MOST_SWITCHES, problems).unwrap_or(defaults.budget),
        budget_window: section.duration_within("budget_window", window, problems).unwrap_or(defaults.budget_window),
        cool_down: section.duration_within("cool_down", cool_down, problems).unwrap_or(defaults.cool_down),
        own_slot_guard: section.duration_within("own_slot_guard", guard, problems).unwrap_or(defaults.own_slot_guard),
        min_participation: section
            .integer("min_participation_percent", 0..=100, problems)
            .and_then(|percent| u8::try_from(percent.saturating_mul(128).div_ceil(100)).ok())
            .unwrap_or(defaults.min_participation),
        candidate_fresh: section.duration("candidate_fresh", problems).unwrap_or(defaults.candidate_fresh),
        disable: match section.flag("allow_disable", problems) {
            Some(true) => Disable::Allowed,
            Some(false) | None => Disable::Never,
        },
    };
    if rails.budget == 0 {
        let remedy = "Write budget = 3, or mode = \"observe\" to watch only.";
        section.warn(problems, section.line(), "budget = 0: Dogwatch will never switch", remedy);
    }
    section.finish(problems);
    rails
}
