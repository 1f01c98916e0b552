//! The `[alerts]` section.

use std::time::Duration;

use dogwatch_alerts::{FlapRule, Route};
use jiff::civil::Time as WallTime;
use jiff::tz::TimeZone;

use crate::config::duration::Range;
use crate::config::problem::Problems;
use crate::config::reader::{At, Section};
use crate::config::route;

const GATHER: Range<'_> =
    Range { least: Duration::ZERO, most: Duration::from_secs(30), why: "a page that waits any longer comes too late" };

const PAGE_DEADLINE: Range<'_> = Range {
    least: Duration::from_secs(1),
    most: Duration::from_mins(30),
    why: "a page that takes any longer is as good as none",
};

const DAMPING: Range<'_> = Range {
    least: Duration::from_secs(1),
    most: Duration::from_hours(24),
    why: "an alert that is held open for longer is forgotten",
};

/// `[alerts]`.
#[derive(Clone, Debug)]
pub struct AlertConfig {
    /// How long a new alert waits for others, so that a storm is recognized.
    pub gather: Duration,
    /// Up to this many new alerts within that time are sent one by one; 0 means any number.
    pub storm: usize,
    /// When an alert counts as flapping.
    pub flapping: FlapRule,
    /// How long the channels together may take to deliver a page.
    pub page_deadline: Duration,
    /// The operator's time zone.
    pub zone: TimeZone,
    /// When the daily rehearsal runs, in that time zone; `None` for never.
    pub rehearsal: Option<WallTime>,
    /// The routes.
    pub routes: Vec<Route>,
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self {
            gather: Duration::from_millis(250),
            storm: 5,
            flapping: FlapRule::default(),
            page_deadline: Duration::from_secs(60),
            zone: TimeZone::UTC,
            rehearsal: WallTime::new(8, 0, 0, 0).ok(),
            routes: Vec::new(),
        }
    }
}

pub(super) fn read(
    section: Option<Section<'_>>,
    routes: Vec<Section<'_>>,
    channels: &[String],
    problems: &mut Problems,
) -> AlertConfig {
    let mut config = AlertConfig::default();
    if let Some(section) = section {
        alerts(section, &mut config, problems);
    }
    config.routes = routes.into_iter().filter_map(|section| route::read(section, channels, problems)).collect();
    config
}

fn alerts(mut section: Section<'_>, config: &mut AlertConfig, problems: &mut Problems) {
    if let Some(gather) = section.duration_within("gather", GATHER, problems) {
        config.gather = gather;
    }
    if let Some(deadline) = section.duration_within("page_deadline", PAGE_DEADLINE, problems) {
        config.page_deadline = deadline;
    }
    if let Some(storm) = section.integer("storm", 0..=1_000_000, problems) {
        config.storm = usize::try_from(storm).unwrap_or(usize::MAX);
    }
    if let Some(openings) = section.integer("flap_openings", 2..=1000, problems) {
        config.flapping.openings = usize::try_from(openings).unwrap_or(usize::MAX);
    }
    if let Some(window) = section.duration_within("flap_window", DAMPING, problems) {
        config.flapping.window = window;
    }
    if let Some(quiet) = section.duration_within("flap_quiet", DAMPING, problems) {
        config.flapping.quiet = quiet;
    }
    if let Some(At { value, line }) = section.text("timezone", problems) {
        match TimeZone::get(&value) {
            Ok(zone) => config.zone = zone,
            Err(_) => {
                let text = format!("timezone = {value:?} is not known on this machine");
                let remedy = "Write a name such as \"Europe/Berlin\", and install the package tzdata.";
                section.error(problems, line, &text, remedy);
            }
        }
    }
    if let Some(At { value, line }) = section.text("rehearsal", problems) {
        match (value.as_str(), clock(&value)) {
            ("never", _) => config.rehearsal = None,
            (_, Some(at)) => config.rehearsal = Some(at),
            (_, None) => {
                let text = format!("rehearsal = {value:?} is not a time of day");
                section.error(problems, line, &text, "Write a time such as \"08:00\", or \"never\".");
            }
        }
    }
    section.finish(problems);
}

/// Reads `08:00`.
fn clock(text: &str) -> Option<WallTime> {
    let (hour, minute) = text.split_once(':')?;
    (minute.len() == 2).then_some(())?;
    WallTime::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}
