//! `[[route]]` sections: who is notified of what, and when.

use std::time::Duration;

use dogwatch_alerts::{EscalationStep, Hours, Route, Severity, SubjectKind, Weekdays};

use crate::config::duration::Range;
use crate::config::problem::Problems;
use crate::config::reader::{At, Section};
use crate::config::severity;

const STEP: Range<'_> = Range {
    least: Duration::ZERO,
    most: Duration::from_hours(24),
    why: "nobody waits for an acknowledgement any longer",
};

/// Reads a route to some of these channels.
pub(super) fn read(mut section: Section<'_>, channels: &[String], problems: &mut Problems) -> Option<Route> {
    let min_severity = severity::read(&mut section, "min_severity", problems).unwrap_or(Severity::Info);
    let subjects = subjects(&mut section, problems);
    let hours = section.text("hours", problems).and_then(|At { value, line }| {
        let read = value.parse::<Hours>();
        if let Err(error) = &read {
            section.error(problems, line, &format!("hours = {value:?} is {error}"), "Write it as \"22:00-07:00\".");
        }
        read.ok()
    });
    let days: Vec<At<String>> = section.texts("days", problems).into_iter().flatten().flatten().collect();
    let mut read_days = Weekdays::default();
    if let Some(days_read) = Weekdays::named(days.iter().map(|day| day.value.as_str())) {
        read_days = days_read;
    } else if let Some(first) = days.first() {
        section.error(problems, first.line, "days contains an unknown day", "Write days = [\"sat\", \"sun\"].");
    }
    let line = section.line();
    let first = named(&mut section, channels, problems);
    if first.is_empty() && !problems.has_errors() {
        section.error(problems, line, "channels is missing or empty", "Name the channels to notify first.");
    }
    let mut steps = vec![EscalationStep { after: Duration::ZERO, channels: first }];
    for step in section.tables("step", problems).into_iter().flatten().flatten() {
        steps.extend(self::step(step, channels, problems));
    }
    section.finish(problems);
    Some(Route { min_severity, subjects, hours, days: read_days, steps })
}

fn step(mut section: Section<'_>, channels: &[String], problems: &mut Problems) -> Option<EscalationStep> {
    let line = section.line();
    let after = section.duration_within("after", STEP, problems);
    if after.is_none() && !problems.has_errors() {
        section.error(
            problems,
            line,
            "after is missing",
            "Add after = \"5m\": how long to wait for an acknowledgement.",
        );
    }
    let named = named(&mut section, channels, problems);
    if named.is_empty() && !problems.has_errors() {
        section.error(problems, line, "channels is missing or empty", "Name the channels to notify then.");
    }
    section.finish(problems);
    Some(EscalationStep { after: after?, channels: named })
}

fn subjects(section: &mut Section<'_>, problems: &mut Problems) -> Vec<SubjectKind> {
    let mut kinds = Vec::new();
    for At { value, line } in section.texts("subjects", problems).into_iter().flatten().flatten() {
        match SubjectKind::ALL.into_iter().find(|(name, _)| *name == value) {
            Some((_, kind)) => kinds.push(kind),
            None => {
                let known: Vec<&str> = SubjectKind::ALL.into_iter().map(|(name, _)| name).collect();
                let text = format!("subjects: unknown subject {value:?}");
                section.error(problems, line, &text, format!("Known subjects: {}.", known.join(", ")));
            }
        }
    }
    kinds
}

fn named(section: &mut Section<'_>, channels: &[String], problems: &mut Problems) -> Vec<String> {
    let mut names = Vec::new();
    for At { value, line } in section.texts("channels", problems).into_iter().flatten().flatten() {
        if !channels.contains(&value) {
            let remedy = match dogwatch_plugins::nearest(&value, channels.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean {near}?"),
                None => "Name a [[channel]].".to_owned(),
            };
            section.error(problems, line, &format!("channels: there is no channel {value:?}"), remedy);
        }
        names.push(value);
    }
    names
}
