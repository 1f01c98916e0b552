//! `[[chain]]` sections.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_rpc::{Endpoint, Operator};

use crate::config::duration::Range;
use crate::config::problem::Problems;
use crate::config::reader::{Item, Section};
use crate::config::{authority, endpoint, profile};

/// A head older than this many slots is stale.
const STALE_SLOTS: u32 = 5;

/// Requests per minute: polls alone take twenty and must not use up the budget.
const REQUESTS: std::ops::RangeInclusive<u32> = 60..=u32::MAX;

/// A chain and the endpoints it is read from.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// The section's line.
    pub line: usize,
    /// The chain's parameters, under the name that witnesses refer to.
    pub profile: Profile,
    /// The endpoints it is read from and written to.
    pub endpoints: Vec<Endpoint>,
    /// How many operators must agree.
    pub quorum: u32,
    /// The most requests that each endpoint gets per minute.
    pub requests_per_minute: u32,
    /// A head older than this is stale.
    pub stale_after: Duration,
    /// Certificate authorities to trust besides this machine's own, in PEM form.
    pub authorities: Vec<Vec<u8>>,
}

pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<ChainConfig> {
    let name = section.required("name", "\"hive\"", problems)?;
    section.call(format!("chain {:?}", name.value));
    section.check_name("name", &name, problems);
    let profile = profile::read(&mut section, &name, problems);
    let line = section.line();
    let given = section.items("endpoints", problems);
    // A bad item has been reported: do not report as well what only follows from its absence.
    let count = given.as_ref().map_or(usize::MAX, Vec::len);
    let endpoints = endpoints(given.unwrap_or_default(), &section, problems);
    if count == 0 {
        section.error(
            problems,
            line,
            "no endpoint is configured",
            "Add endpoints = [\"https://…\", …], three of different operators.",
        );
    } else if count == 1 {
        section.warn(
            problems,
            line,
            "there is only one endpoint: nothing can check its answers, and without it Dogwatch is blind",
            "Add endpoints of other operators.",
        );
    }
    let voices = operators(&endpoints, count, &section, problems);
    let quorum = section.integer("quorum", 1..=voices, problems).unwrap_or(voices.min(2));
    let requests_per_minute = section.integer("requests_per_minute", REQUESTS, problems);
    let least = profile.as_ref().map_or(Duration::ZERO, |profile| profile.slots(2));
    let why = "a block takes a slot to arrive, so a head is stale after two at the earliest";
    let range = Range { least, most: Duration::from_secs(3600).max(least), why };
    let stale_after = section.duration_within("stale_after", range, problems);
    let authorities = section.text("authority", problems).and_then(|path| authority::read(&path, &section, problems));
    section.finish(problems);
    let profile = profile?;
    let stale_after = stale_after.unwrap_or_else(|| profile.slots(STALE_SLOTS).max(Duration::from_secs(1)));
    let requests_per_minute = requests_per_minute.unwrap_or(300);
    let authorities = authorities.into_iter().collect();
    Some(ChainConfig { line, profile, endpoints, quorum, requests_per_minute, stale_after, authorities })
}

/// How many voices the endpoints have: those of one operator count as one.
fn operators(endpoints: &[Endpoint], count: usize, section: &Section<'_>, problems: &mut Problems) -> u32 {
    let mut by_operator: BTreeMap<Operator, Vec<String>> = BTreeMap::new();
    for endpoint in endpoints {
        by_operator.entry(endpoint.operator()).or_default().push(endpoint.name().to_string());
    }
    for (operator, names) in by_operator.iter().filter(|(_, names)| names.len() > 1) {
        let text = format!("{} all belong to {operator}: they count as one voice", names.join(", "));
        section.warn(problems, section.line(), &text, "Add endpoints of other operators.");
    }
    // Endpoints that could not be read have been reported: they must not make the quorum look wrong as well.
    let unread = count.saturating_sub(endpoints.len()).min(1000);
    u32::try_from(by_operator.len().saturating_add(unread)).unwrap_or(u32::MAX).max(1)
}

fn endpoints(items: Vec<Option<Item<'_>>>, section: &Section<'_>, problems: &mut Problems) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for item in items.into_iter().flatten() {
        let line = item.line();
        let Some(endpoint) = endpoint::read(item, section.what(), problems) else { continue };
        if endpoints.contains(&endpoint) {
            let text = format!("endpoint {} is configured twice", endpoint.name());
            section.error(problems, line, &text, "Remove one: asked twice, an endpoint only agrees with itself.");
        } else {
            endpoints.push(endpoint);
        }
    }
    endpoints
}
