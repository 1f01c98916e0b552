//! `failback`: whether the key goes back by itself to a node that failed and is well again.

use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_engine::Failback;

use crate::config::duration::Range;
use crate::config::problem::Problems;
use crate::config::reader::{Item, Section};

const REMEDY: &str = "Write failback = { after = \"6h\" }, or \"manual\".";

/// Reads `"manual"`, which is the default, or `{ after = "6h", when = "safe" }`.
pub(super) fn read(section: &mut Section<'_>, profile: &Profile, problems: &mut Problems) -> Failback {
    match section.item("failback", problems) {
        None => Failback::Manual,
        Some(Item::Text(text)) => {
            if text.value != "manual" {
                section.error(problems, text.line, &format!("failback = {:?} is unknown", text.value), REMEDY);
            }
            Failback::Manual
        }
        Some(Item::Table(table)) => after(table, profile, problems),
    }
}

fn after(mut table: Section<'_>, profile: &Profile, problems: &mut Problems) -> Failback {
    let range = Range {
        least: profile.round().saturating_mul(3),
        most: Duration::from_hours(30 * 24),
        why: "in less than three rounds the node that stands in has hardly shown what it can do",
    };
    if let Some(when) = table.text("when", problems)
        && when.value != "safe"
    {
        let remedy =
            "Write \"safe\", or leave it out: the key goes back right after a block of the node that stands in.";
        table.error(problems, when.line, &format!("when = {:?} is unknown", when.value), remedy);
    }
    let given = table.duration_within("after", range, problems);
    if given.is_none() && !table.holds_text("after") {
        let line = table.line();
        table.error(problems, line, "after is missing", REMEDY);
    }
    table.finish(problems);
    given.map_or(Failback::Manual, Failback::After)
}
