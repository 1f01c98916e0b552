//! `[[chain]]` sections.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use dogwatch_chain::{ChainId, FutureSchedule, KeyPrefix, Profile};
use dogwatch_rpc::{AllowHttp, Endpoint, Operator, Upgrade};

use crate::config::ChainConfig;
use crate::config::problem::Problems;
use crate::config::reader::{At, Item, Range, Section};

/// A head older than this many slots is stale.
const STALE_SLOTS: u32 = 5;

/// Polls alone are twenty a minute, and must not fill the budget.
const REQUESTS: std::ops::RangeInclusive<u32> = 60..=u32::MAX;

pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<ChainConfig> {
    let name = section.required("name", "\"hive\"", problems)?;
    section.call(format!("chain {:?}", name.value));
    section.check_name("name", &name, problems);
    let profile = profile(&mut section, &name, problems);
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
    let authorities = section.text("authority", problems).and_then(|path| authority(&path, &section, problems));
    section.finish(problems);
    let profile = profile?;
    let stale_after = stale_after.unwrap_or_else(|| profile.slots(STALE_SLOTS).max(Duration::from_secs(1)));
    let requests_per_minute = requests_per_minute.unwrap_or(300);
    let authorities = authorities.into_iter().collect();
    Some(ChainConfig { profile, endpoints, quorum, requests_per_minute, stale_after, authorities })
}

/// The certificate of an authority of the operator's own, for nodes in a network of their own.
pub(super) fn authority(path: &At<String>, section: &Section<'_>, problems: &mut Problems) -> Option<Vec<u8>> {
    let read = std::fs::read(&path.value).map_err(|error| format!("cannot be read: {error}"));
    match read.and_then(|pem| match pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
        true => Ok(pem),
        false => Err("holds no certificate in PEM form".to_owned()),
    }) {
        Ok(pem) => Some(pem),
        Err(why) => {
            let text = format!("authority: {} {why}", path.value);
            section.error(problems, path.line, &text, "Give it the authority's certificate, or take it out.");
            None
        }
    }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

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
        let Some(endpoint) = endpoint(item, section.what(), problems) else { continue };
        if endpoints.contains(&endpoint) {
            let text = format!("endpoint {} is there twice", endpoint.name());
            section.error(problems, line, &text, "Remove one: asked twice, it would only agree with itself.");
        } else {
            endpoints.push(endpoint);
        }
    }
    endpoints
}

fn profile(section: &mut Section<'_>, name: &At<String>, problems: &mut Problems) -> Option<Profile> {
    let given = section.text("profile", problems);
    let custom = section.table("custom", problems);
    let wanted = given.as_ref().unwrap_or(name);
    if wanted.value == "custom" {
        let Some(custom) = custom else {
            let line = section.line();
            section.error(
                problems,
                line,
                "profile custom needs a [chain.custom] table",
                "Add it with chain_id = \"…\".",
            );
            return None;
        };
        return self::custom(custom, &name.value, problems);
    }
    if let Some(custom) = custom {
        let remedy = "Write profile = \"custom\", or remove the table.";
        custom.error(problems, custom.line(), "is only for profile = \"custom\"", remedy);
    }
    match Profile::by_name(&wanted.value) {
        Ok(profile) => Some(Profile { name: name.value.clone(), ..profile }),
        Err(error) => {
            let remedy = "Set profile to one of them; name is free if profile is given.";
            section.error(problems, wanted.line, &error.to_string(), remedy);
            None
        }
    }
}

fn custom(mut section: Section<'_>, name: &str, problems: &mut Problems) -> Option<Profile> {
    let base = section.text("like", problems);
    let base_profile = base.as_ref().map_or_else(|| Ok(Profile::hive()), |like| Profile::by_name(&like.value));
    let chain_id = section.required("chain_id", "\"64 hexadecimal digits\"", problems);
    let prefix = section.text("prefix", problems);
    let liquid = section.text("liquid_symbol", problems);
    let debt = section.text("debt_symbol", problems);
    let interval = section.duration("block_interval", problems);
    let round_length = section.integer("round_length", 1..=1000, problems);
    let future = section.flag("future_schedule", problems);
    let line = section.line();

    let mut profile = match base_profile {
        Ok(profile) => profile,
        Err(error) => {
            section.error(problems, line, &format!("like: {error}"), "Name the chain it resembles most.");
            return None;
        }
    };
    name.clone_into(&mut profile.name);
    let chain_id = chain_id?;
    match chain_id.value.parse::<ChainId>() {
        Ok(id) => profile.chain_id = id,
        Err(error) => {
            section.error(problems, chain_id.line, &error.to_string(), "Ask a node: condenser_api.get_version.")
        }
    }
    if let Some(prefix) = prefix {
        match KeyPrefix::new(&prefix.value) {
            Ok(prefix) => profile.prefix = prefix,
            Err(error) => section.error(problems, prefix.line, &error.to_string(), "Write it as public keys start."),
        }
    }
    if let Some(symbol) = liquid {
        profile.wire_liquid.clone_from(&symbol.value);
        profile.liquid = symbol.value;
    }
    if let Some(symbol) = debt {
        profile.wire_debt.clone_from(&symbol.value);
        profile.debt = symbol.value;
    }
    profile.block_interval = interval.unwrap_or(profile.block_interval);
    profile.round_length = round_length.unwrap_or(profile.round_length);
    if let Some(published) = future {
        profile.future_schedule = if published { FutureSchedule::Published } else { FutureSchedule::Unknown };
    }
    let checked = profile.validated();
    if let Err(error) = &checked {
        section.error(problems, line, &error.to_string(), "Correct it.");
    }
    section.finish(problems);
    checked.ok()
}

/// Reads an endpoint: a URL, or a table with `url`, `allow_http` and `address`.
pub(super) fn endpoint(item: Item<'_>, what: &str, problems: &mut Problems) -> Option<Endpoint> {
    let (url, allow, address) = match item {
        Item::Text(url) => (url, AllowHttp::No, None),
        Item::Table(mut section) => {
            let url = section.required("url", "\"https://…\"", problems);
            let allow = section.flag("allow_http", problems).unwrap_or(false);
            let address = section.text("address", problems);
            section.finish(problems);
            (url?, if allow { AllowHttp::Yes } else { AllowHttp::No }, address)
        }
    };
    let parsed = Endpoint::parse(&url.value, allow).map_err(|error| {
        let remedy =
            "Write https://host/path. For plain http to another machine: { url = \"http://…\", allow_http = true }.";
        problems.error(Some(url.line), format!("{what}: {error}"), remedy);
    });
    let mut endpoint = parsed.ok()?;
    if let Some(At { value, line }) = address {
        let Some(to) = socket_address(&value) else {
            let text = format!("{what}: address = {value:?} is not an IP address");
            problems.error(Some(line), text, "Write it like \"10.0.0.5\" or \"[fd00::5]:8443\".");
            return None;
        };
        let placed = endpoint.at(to).map_err(|error| {
            problems.error(Some(line), format!("{what}: {error}"), "Give the URL a name, or take address out.");
        });
        endpoint = placed.ok()?;
    }
    if endpoint.upgrade() == Some(Upgrade::Rule) {
        let text = format!("{what}: endpoint {} is asked by https, although http:// is written", endpoint.name());
        let remedy =
            "Write https://. Only where that machine has no TLS and the network is your own: allow_http = true.";
        problems.warn(Some(url.line), text, remedy);
    }
    Some(endpoint)
}

/// An IP address, with or without a port; 0 stands for none.
fn socket_address(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, 0)))
}
