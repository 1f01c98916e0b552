//! `dogwatch check`.

use std::collections::BTreeMap;
use std::path::Path;

use dogwatch_client::{Exit, Failure};
use serde_json::json;

use crate::cli::common::Format;
use crate::cli::parameters;
use crate::clock::Clock;
use crate::config::Config;
use crate::run::preflight::{self, Waits};
use crate::store::Store;

/// What the configuration is checked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// What it says.
    Itself,
    /// What the endpoints say as well.
    Endpoints,
}

pub(super) async fn check(path: &Path, by: By, format: Format, clock: Clock) -> Result<(), Failure> {
    let (config, mut problems) = preflight::read(path, Waits::ForAll)?;
    if let (By::Endpoints, Some((config, _))) = (by, &config) {
        for chain in &config.chains {
            parameters::compare(chain, clock, &mut problems).await?;
        }
    }
    if let Some((config, _)) = &config {
        preflight::proven(config, &mut problems);
    }
    let report = json!({ "ok": !problems.has_errors(), "problems": problems.sorted() });
    format.print(&report, |_| {
        let mut text = problems.to_string();
        if let Some((config, _)) = config.filter(|_| !problems.has_errors()) {
            text.push_str(&summary(&config, by));
        }
        text.trim_end().to_owned()
    })?;
    if problems.has_errors() { Err(Failure::with(Exit::Input, "")) } else { Ok(()) }
}

fn summary(config: &Config, by: By) -> String {
    let mut text = format!("Site {}.\n", config.site);
    for chain in &config.chains {
        text.push_str(&format!(
            "Chain {}: {} endpoints, {} must agree.\n",
            chain.profile.name,
            chain.endpoints.len(),
            chain.quorum
        ));
        let remembered = Store::peek_upgrades(&config.state_dir, &chain.profile.name);
        for endpoint in chain.endpoints.iter().filter(|endpoint| remembered.contains(&endpoint.fingerprint())) {
            text.push_str(&format!(
                "  Endpoint {} is asked over https, although the configuration says http://: write https://.\n",
                endpoint.name()
            ));
        }
    }
    for witness in &config.witnesses {
        let nodes: Vec<&str> = witness.nodes.iter().map(|node| node.name.as_str()).collect();
        text.push_str(&format!(
            "Witness {} on {}: mode {}, policy {}, nodes {}.\n",
            witness.name,
            witness.chain,
            match witness.mode {
                dogwatch_engine::Mode::Observe => "observe",
                dogwatch_engine::Mode::Armed => "armed",
            },
            witness.policy,
            nodes.join(", ")
        ));
    }
    for (node, witnesses) in shared_nodes(config) {
        text.push_str(&format!("Node {node}: shared by {}.\n", witnesses.join(", ")));
    }
    for channel in &config.channels {
        text.push_str(&format!(
            "Channel {}: plugin {}, severity {} and above.\n",
            channel.name, channel.plugin, channel.min_severity
        ));
    }
    if let Some(gateway) = &config.gateway {
        let tls = gateway.tls.as_ref().map_or_else(String::new, |tls| format!(", https on {}", tls.listen));
        text.push_str(&format!("Gateway on {}{tls}.\n", gateway.listen));
    }
    text.push_str(match by {
        By::Itself => "The configuration is valid.\n",
        By::Endpoints => "The configuration is valid, and no endpoint contradicts it.\n",
    });
    text
}

/// The nodes that have a section of their own, with the witnesses that have them.
fn shared_nodes(config: &Config) -> BTreeMap<&str, Vec<&str>> {
    let mut shared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for witness in &config.witnesses {
        for node in witness.nodes.iter().filter(|node| node.sharing == dogwatch_engine::Sharing::Shared) {
            shared.entry(&node.name).or_default().push(witness.name.as_str());
        }
    }
    shared
}
