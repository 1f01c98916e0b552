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

/// Polls alone are twenty a minute, and must not fill the budget.
const REQUESTS: std::ops::RangeInclusive<u32> = 60..=u32::MAX;

/// A chain and the endpoints it is read from.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// What distinguishes the chain; carries the name the witnesses refer to.
    pub profile: Profile,
    /// Where it is read and written.
    pub endpoints: Vec<Endpoint>,
    /// Of how many operators endpoints must agree.
    pub quorum: u32,
    /// How many requests each endpoint is to get in a minute at most.
    pub requests_per_minute: u32,
    /// A head older than this is stale.
    pub stale_after: Duration,
    /// Authorities that are trusted beside this machine's own, in PEM form.
    pub authorities: Vec<Vec<u8>>,
}

pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<ChainConfig> {
    let name = section.required("name", "\"hive\"", problems)?;
    section.call(format!("chain {:?}", name.value));
    section.check_name("name", &name, problems);
    let profile = profile::read(&mut section, &name, problems);
    let line = section.line();
    let given = section.items("endpoints", problems);
    // What is wrong with an item was said; what follows from its absence is not wrong as well.
    let count = given.as_ref().map_or(usize::MAX, Vec::len);
    let endpoints = endpoints(given.unwrap_or_default(), &section, problems);
    if count == 0 {
        section.error(
            problems,
            line,
            "there is no endpoint",
            "Add endpoints = [\"https://…\", …]: three, of different operators.",
        );
    } else if count == 1 {
        section.warn(
            problems,
            line,
            "one endpoint is all there is: nothing it says can be checked, and without it Dogwatch is blind",
            "Add endpoints of other operators.",
        );
    }
    let voices = operators(&endpoints, count, &section, problems);
    let quorum = section.integer("quorum", 1..=voices, problems).unwrap_or(voices.min(2));
    let requests_per_minute = section.integer("requests_per_minute", REQUESTS, problems);
    let least = profile.as_ref().map_or(Duration::ZERO, |profile| profile.slots(2));
    let why = "two slots at least, for a block takes one to come";
    let range = Range { least, most: Duration::from_secs(3600).max(least), why };
    let stale_after = section.duration_within("stale_after", range, problems);
    let authorities = section.text("authority", problems).and_then(|path| authority::read(&path, &section, problems));
    section.finish(problems);
    let profile = profile?;
    let stale_after = stale_after.unwrap_or_else(|| profile.slots(STALE_SLOTS).max(Duration::from_secs(1)));
    let requests_per_minute = requests_per_minute.unwrap_or(300);
    let authorities = authorities.into_iter().collect();
    Some(ChainConfig { profile, endpoints, quorum, requests_per_minute, stale_after, authorities })
}

/// How many voices the endpoints are: those of one operator are one.
fn operators(endpoints: &[Endpoint], count: usize, section: &Section<'_>, problems: &mut Problems) -> u32 {
    let mut by_operator: BTreeMap<Operator, Vec<String>> = BTreeMap::new();
    for endpoint in endpoints {
        by_operator.entry(endpoint.operator()).or_default().push(endpoint.name().to_string());
    }
    for (operator, names) in by_operator.iter().filter(|(_, names)| names.len() > 1) {
        let text = format!("{} are all of {operator}: they count as one voice", names.join(", "));
        section.warn(problems, section.line(), &text, "Add endpoints of other operators.");
    }
    // Endpoints that could not be read were reported, and are no reason to find fault with the quorum as well.
    let unread = count.saturating_sub(endpoints.len()).min(1000);
    u32::try_from(by_operator.len().saturating_add(unread)).unwrap_or(u32::MAX).max(1)
}

fn endpoints(items: Vec<Option<Item<'_>>>, section: &Section<'_>, problems: &mut Problems) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for item in items.into_iter().flatten() {
        let line = item.line();
        let Some(endpoint) = endpoint::read(item, section.what(), problems) else { continue };
        if endpoints.contains(&endpoint) {
            let text = format!("endpoint {} is there twice", endpoint.name());
            section.error(problems, line, &text, "Remove one: asked twice, it would only agree with itself.");
        } else {
            endpoints.push(endpoint);
        }
    }
    endpoints
}
