//! `[[witness]]` sections.

use std::time::Duration;

use dogwatch_chain::{AccountName, Profile};
use dogwatch_engine::{Damping, Failback, Mode, Rails, Sharing};
use dogwatch_plugins::{Settings, nearest};

use crate::config::chain::ChainConfig;
use crate::config::duration::{Range, shown};
use crate::config::node::{self, NodeSettings};
use crate::config::problem::Problems;
use crate::config::reader::Section;
use crate::config::shared_node::{SharedNames, SharedNode};
use crate::config::{damping, failback, mode, rails};

/// A witness to watch.
#[derive(Clone, Debug)]
pub struct WitnessConfig {
    /// The line its section starts in.
    pub line: usize,
    /// Its account.
    pub name: AccountName,
    /// The name of its chain.
    pub chain: String,
    /// Whether Dogwatch may switch, or only watch.
    pub mode: Mode,
    /// The name of its policy.
    pub policy: String,
    /// The policy's settings.
    pub settings: Settings,
    /// Which policy decides where that one fails.
    pub fallback: FallbackPolicy,
    /// Its rails.
    pub rails: Rails,
    /// How long a switch may take to get into a block.
    pub expiration: Duration,
    /// Whether the key goes back by itself.
    pub failback: Failback,
    /// How often nodes are probed.
    pub probe_interval: Duration,
    /// How many probes in a row change a node's health.
    pub damping: Damping,
    /// Its nodes, in order of preference.
    pub nodes: Vec<NodeSettings>,
}

/// Which policy decides where the configured one fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FallbackPolicy {
    /// None: the key stays where it is.
    Absent,
    /// The one with this name.
    Named(String),
}

impl FallbackPolicy {
    /// Its name, if there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Named(name) => Some(name),
        }
    }
}

impl WitnessConfig {
    /// Whether it has that node, and the node has a `[[node]]` section.
    pub fn shares(&self, node: &str) -> bool {
        self.nodes.iter().any(|known| known.name == node && known.sharing == Sharing::Shared)
    }
}

/// A witness with the lines of its nodes, for the checks across sections.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) config: WitnessConfig,
    pub(super) node_lines: Vec<usize>,
    /// How many node sections there are, valid or not; `None` when `node` is not a list of sections.
    pub(super) node_sections: Option<usize>,
}

pub(super) fn read<'a>(
    mut section: Section<'a>,
    chains: &[ChainConfig],
    chain_names: &[&str],
    default_mode: Mode,
    shared: &'a [SharedNode],
    problems: &mut Problems,
) -> Option<Located> {
    let name = section.required("name", "\"your-account\"", problems);
    if let Some(name) = &name {
        section.call(format!("witness {:?}", name.value));
    }
    let account = name.as_ref().and_then(|name| match AccountName::new(name.value.as_str()) {
        Ok(account) => Some(account),
        Err(error) => {
            section.error(problems, name.line, &error.to_string(), "Write the account name without @.");
            None
        }
    });
    let chain_name = section.required("chain", "\"hive\"", problems);
    let chain = chain_name.as_ref().and_then(|wanted| {
        let found = chains.iter().find(|chain| chain.profile.name == wanted.value);
        // The problems of a chain that exists have been reported.
        if found.is_none() && !chain_names.contains(&wanted.value.as_str()) {
            let remedy = match nearest(&wanted.value, chain_names.iter().copied()) {
                Some(near) => format!("Did you mean {near:?}?"),
                None => format!("Add a [[chain]] with name = {:?}.", wanted.value),
            };
            section.error(problems, wanted.line, &format!("there is no chain {:?}", wanted.value), remedy);
        }
        found
    });
    let mode = mode::read(&mut section, problems).unwrap_or(default_mode);
    let policy = section.text("policy", problems).map_or_else(|| DEFAULT_POLICY.to_owned(), |policy| policy.value);
    let settings = section.table("settings", problems).map(|table| table.settings(problems)).unwrap_or_default();
    let fallback = match section.text("fallback_policy", problems).map(|given| given.value) {
        None => FallbackPolicy::Named(DEFAULT_POLICY.to_owned()),
        Some(none) if none == NO_POLICY => FallbackPolicy::Absent,
        Some(name) => FallbackPolicy::Named(name),
    };
    let hive = Profile::hive();
    let profile = chain.map_or(&hive, |chain| &chain.profile);
    // Bounds in slots depend on the chain.
    let slots = |count| chain.map_or(Duration::ZERO, |chain| chain.profile.slots(count));
    let expiration = section.duration_within("expiration", expiration_range(slots(3)), problems);
    let expiration = expiration.unwrap_or(Duration::from_secs(60));
    let given = section.duration_within("probe_interval", PROBE_INTERVAL, problems);
    // A second on a real chain.
    let probe_interval = given.unwrap_or_else(|| profile.block_interval.checked_div(3).unwrap_or_default());
    let half_round = chain.map(|chain| chain.profile.round().checked_div(2).unwrap_or_default());
    let rails_section = section.table("rails", problems);
    let rails_line = rails_section.as_ref().map_or_else(|| section.line(), Section::line);
    let rails = rails::read(rails_section, profile, half_round, probe_interval, problems);
    if rails.candidate_fresh < probe_interval && chain.is_some() {
        let text = format!(
            "rails: candidate_fresh ({}) is shorter than probe_interval ({}): between two probes Dogwatch could not switch to any standby",
            shown(rails.candidate_fresh),
            shown(probe_interval)
        );
        section.error(problems, rails_line, &text, "Set candidate_fresh to several probe intervals.");
    }
    let failback = failback::read(&mut section, profile, problems);
    let damping = damping::read(&mut section, profile.block_interval, problems);
    let mut nodes = Vec::new();
    let mut node_lines = Vec::new();
    let node_sections = section.tables("node", problems);
    let node_count = node_sections.as_ref().map(Vec::len);
    let shared = SharedNames::new(shared, node_sections.as_deref().unwrap_or_default());
    for node in node_sections.into_iter().flatten().flatten() {
        let line = node.line();
        if let Some(node) = node::read(node, section.what(), mode, profile, &shared, problems) {
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
        fallback,
        rails,
        expiration,
        failback,
        probe_interval,
        damping,
        nodes,
    };
    Some(Located { config, node_lines, node_sections: node_count })
}

/// The policy that decides where the configuration names none.
const DEFAULT_POLICY: &str = "proactive";
/// What `fallback_policy` is where the key must stay if the policy fails.
const NO_POLICY: &str = "none";

const PROBE_INTERVAL: Range<'_> = Range {
    least: Duration::from_millis(50),
    most: Duration::from_mins(5),
    why: "shorter intervals burden the nodes, longer ones leave a dead node unnoticed",
};

fn expiration_range(three_slots: Duration) -> Range<'static> {
    let least = three_slots.max(Duration::from_secs(1));
    Range {
        least,
        most: Duration::from_mins(30).max(least),
        why: "a switch needs three slots to get into a block, and nodes refuse what expires an hour after their head block",
    }
}
