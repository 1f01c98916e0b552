//! `[[witness]]` and `[[witness.node]]` sections.

use std::time::Duration;

use dogwatch_chain::{AccountName, Profile, PublicKey, SecretKey};
use dogwatch_engine::{Damping, Disable, Mode, Rails, Unprobed};

use dogwatch_plugins::nearest;

use crate::config::chain::endpoint;
use crate::config::problem::Problems;
use crate::config::reader::{Item, Range, Section, shown};
use crate::config::secret::SecretSource;
use crate::config::{ChainConfig, NodeConfig, WitnessConfig};

/// A witness and the lines its parts stand in, for the checks across sections.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) config: WitnessConfig,
    pub(super) node_lines: Vec<usize>,
    /// How many sections for nodes there are, good ones or not; `None` when they are no sections.
    pub(super) node_sections: Option<usize>,
}

pub(super) fn mode(section: &mut Section<'_>, problems: &mut Problems) -> Option<Mode> {
    let text = section.text("mode", problems)?;
    match text.value.as_str() {
        "observe" => Some(Mode::Observe),
        "armed" => Some(Mode::Armed),
        other => {
            let remedy = "Write \"observe\" (watch and alert) or \"armed\" (act).";
            section.error(problems, text.line, &format!("mode = {other:?} is none"), remedy);
            None
        }
    }
}

pub(super) fn read(
    mut section: Section<'_>,
    chains: &[ChainConfig],
    chain_names: &[&str],
    default_mode: Mode,
    problems: &mut Problems,
) -> Option<Located> {
    let name = section.required("name", "\"your-account\"", problems);
    if let Some(name) = &name {
        section.call(format!("witness {:?}", name.value));
    }
    let account = name.as_ref().and_then(|name| match AccountName::new(name.value.as_str()) {
        Ok(account) => Some(account),
        Err(error) => {
            section.error(problems, name.line, &error.to_string(), "Write the account's name without @.");
            None
        }
    });
    let chain_name = section.required("chain", "\"hive\"", problems);
    let chain = chain_name.as_ref().and_then(|wanted| {
        let found = chains.iter().find(|chain| chain.profile.name == wanted.value);
        // What is wrong with a chain that is there was said.
        if found.is_none() && !chain_names.contains(&wanted.value.as_str()) {
            let remedy = match nearest(&wanted.value, chain_names.iter().copied()) {
                Some(near) => format!("Did you mean {near:?}?"),
                None => format!("Add a [[chain]] with name = {:?}.", wanted.value),
            };
            section.error(problems, wanted.line, &format!("there is no chain {:?}", wanted.value), remedy);
        }
        found
    });
    let mode = mode(&mut section, problems).unwrap_or(default_mode);
    let policy = section.text("policy", problems).map_or_else(|| "threshold".to_owned(), |policy| policy.value);
    let settings = section.table("settings", problems).map(|table| table.settings(problems)).unwrap_or_default();
    let fallback = Profile::hive();
    let profile = chain.map_or(&fallback, |chain| &chain.profile);
    // Bounds in slots are known only with the chain.
    let slots = |count| chain.map_or(Duration::ZERO, |chain| chain.profile.slots(count));
    let expiration = section.duration_within("expiration", expiration_range(slots(3)), problems);
    let expiration = expiration.unwrap_or(Duration::from_secs(60));
    let given = section.duration_within("probe_interval", PROBE_INTERVAL, problems);
    let probe_interval = given.unwrap_or_else(|| profile.slots(2));
    let half_round = chain.map(|chain| chain.profile.round().checked_div(2).unwrap_or_default());
    let rails_section = section.table("rails", problems);
    let rails_line = rails_section.as_ref().map_or_else(|| section.line(), Section::line);
    let rails = rails(rails_section, profile, half_round, probe_interval, problems);
    if rails.candidate_fresh < probe_interval && chain.is_some() {
        let text = format!(
            "rails: candidate_fresh ({}) is shorter than probe_interval ({}): between two probes no standby could be switched to",
            shown(rails.candidate_fresh),
            shown(probe_interval)
        );
        section.error(problems, rails_line, &text, "Write a candidate_fresh of several probe intervals.");
    }
    let damping = Damping {
        rise: section.integer("probe_rise", 1..=100, problems).unwrap_or(2),
        fall: section.integer("probe_fall", 1..=100, problems).unwrap_or(3),
    };
    let mut nodes = Vec::new();
    let mut node_lines = Vec::new();
    let node_sections = section.tables("node", problems);
    let node_count = node_sections.as_ref().map(Vec::len);
    for node in node_sections.into_iter().flatten().flatten() {
        let line = node.line();
        if let Some(node) = self::node(node, section.what(), mode, profile, problems) {
            nodes.push(node);
            node_lines.push(line);
        }
    }
    let line = section.line();
    section.finish(problems);
    let config = WitnessConfig {
        line,
        name: account?,
        chain: chain?.profile.name.clone(),
        mode,
        policy,
        settings,
        rails,
        expiration,
        probe_interval,
        damping,
        nodes,
    };
    Some(Located { config, node_lines, node_sections: node_count })
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

const PROBE_INTERVAL: Range<'_> = Range {
    least: Duration::from_millis(50),
    most: Duration::from_mins(5),
    why: "shorter burdens the nodes, longer leaves a dead one unnoticed",
};

fn expiration_range(three_slots: Duration) -> Range<'static> {
    let least = three_slots.max(SECOND);
    Range {
        least,
        most: HOUR.max(least),
        why: "three slots at least, or it misses its block; nodes take no more than 1h",
    }
}

fn rails(
    section: Option<Section<'_>>,
    profile: &Profile,
    half_round: Option<Duration>,
    probe_interval: Duration,
    problems: &mut Problems,
) -> Rails {
    let window = Range { least: Duration::ZERO, most: DAY.saturating_mul(30), why: "a longer memory is not kept" };
    let cool_down = Range { least: Duration::ZERO, most: DAY, why: "so long no failure would be answered" };
    let guard = Range {
        least: Duration::ZERO,
        most: half_round.unwrap_or(Duration::MAX),
        why: "more than half a round leaves hardly a moment to switch in",
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
        budget: section.integer("budget", 0..=1000, problems).unwrap_or(defaults.budget),
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
        let remedy = "Write budget = 3; to watch only, mode = \"observe\".";
        section.warn(problems, section.line(), "budget = 0: Dogwatch will never switch", remedy);
    }
    section.finish(problems);
    rails
}

fn node(
    mut section: Section<'_>,
    witness: &str,
    mode: Mode,
    profile: &Profile,
    problems: &mut Problems,
) -> Option<NodeConfig> {
    let name = section.required("name", "\"primary\"", problems);
    let label = name.as_ref().map_or("?", |name| name.value.as_str());
    section.call(format!("{witness}, node {label:?}"));
    if let Some(name) = &name {
        section.check_name("name", name, problems);
    }
    let text = section.required("public_key", &format!("\"{}…\"", profile.prefix.as_str()), problems);
    let public_key = text.and_then(|text| {
        let parsed = PublicKey::parse(&text.value, &profile.prefix);
        match parsed.and_then(|key| key.check_on_curve().map(|()| key)) {
            Ok(key) => Some(key),
            Err(error) => {
                let remedy = "Copy the node's public signing key again.";
                section.error(problems, text.line, &format!("public_key: {error}"), remedy);
                None
            }
        }
    });
    let line = section.line();
    let key = match section.item("key", problems) {
        Some(item) => private_key(item, section.what(), problems),
        None => {
            no_private_key(&section, mode, problems);
            None
        }
    };
    if let (Some(secret), Some(public)) = (&key, public_key)
        && secret.public_key() != public
    {
        let text = format!(
            "key does not belong to public_key: it is that of {}",
            secret.public_key().display(&profile.prefix)
        );
        section.error(problems, line, &text, "Mix-ups are dangerous: give each node its own pair.");
    }
    let probe = section.item("probe", problems).and_then(|item| endpoint(item, section.what(), problems));
    let unprobed = match section.flag("switch_unprobed", problems) {
        Some(true) => Unprobed::Allowed,
        Some(false) | None => Unprobed::Refused,
    };
    section.finish(problems);
    Some(NodeConfig { name: name?.value, public_key: public_key?, key, probe, unprobed })
}

fn private_key(item: Item<'_>, node: &str, problems: &mut Problems) -> Option<SecretKey> {
    let line = item.line();
    let source = SecretSource::read(item, problems)?;
    let secret = source.fetch_or_report(&format!("{node}: key"), line, problems)?;
    match SecretKey::from_wif(secret.reveal()) {
        Ok(key) => Some(key),
        Err(error) => {
            let remedy = "Put the node's private signing key there in WIF (it starts with 5).";
            problems.error(Some(line), format!("{node}: key: {error}"), remedy);
            None
        }
    }
}

fn no_private_key(section: &Section<'_>, mode: Mode, problems: &mut Problems) {
    let remedy = "Add key = { file = \"…\" } with the node's private signing key.";
    let text = "there is no private key: nothing can be switched away from this node";
    match mode {
        Mode::Armed => section.error(problems, section.line(), &format!("{text}, and mode is \"armed\""), remedy),
        Mode::Observe => section.warn(problems, section.line(), text, remedy),
    }
}
