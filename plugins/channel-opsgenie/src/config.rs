//! The settings, and how they are read.

use dogwatch_sdk::Reader;
use dogwatch_sdk::text::Unit;

use crate::address;
use crate::responder::{self, Responder};

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The service's address, without a trailing slash.
    pub url: String,
    /// Who is notified; if empty, the integration's team.
    pub responders: Vec<Responder>,
    /// Tags of every alert.
    pub tags: Vec<String>,
}

/// The name of the secret that holds the integration's key.
pub(crate) const KEY: &str = "key";

/// How many tags an alert may have.
const TAGS: usize = 20;
/// How long a tag may be, in UTF-16 units.
const TAG: usize = 50;

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let url = read
        .text(
            "url",
            "The API's address. In the European Union https://api.eu.opsgenie.com; for Jira Service Management \
             Operations https://api.atlassian.com/jsm/ops/integration. Opsgenie itself ends in April 2027.",
        )
        .check(|url| address::check(url))
        .base_address(address::OPSGENIE)
        .or(address::OPSGENIE.to_owned());
    let responders = read
        .texts(
            "responders",
            "Who is notified, at most 50: \"team:Night watch\", \"user:alice@example.com\", \"escalation:…\", \
             \"schedule:…\", each by name or by id; Jira Service Management knows ids alone. If there are none, the \
             integration's team is notified.",
        )
        .check(|responders| responder::check(responders))
        .or(Vec::new());
    let tags = read
        .texts("tags", "Tags of every alert, at most 20 of at most 50 characters.")
        .check(|tags| check_tags(tags))
        .or(Vec::new());
    read.required_secret(
        KEY,
        "The API key of an API integration with the right to create and update: in Opsgenie under Teams, the team, \
         Integrations, Add integration, API; in Jira under Operations, the team, Integrations. A key of API key \
         management cannot open alerts.",
    );
    let responders = responders.iter().filter_map(|text| Responder::read(text).ok()).collect();
    Config { url, responders, tags }
}

/// Checks the number of tags and the length of each.
fn check_tags(tags: &[String]) -> Result<(), String> {
    if tags.len() > TAGS {
        return Err(format!("must be at most {TAGS}, found {}", tags.len()));
    }
    match tags.iter().find(|tag| tag.trim().is_empty() || Unit::Utf16.length(tag) > TAG) {
        Some(tag) => Err(format!("must have 1 to {TAG} characters each, found {tag:?}")),
        None => Ok(()),
    }
}
