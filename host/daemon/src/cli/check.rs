//! `dogwatch check`.

use std::path::Path;

use dogwatch_plugins::{Library, Sandbox};
use serde_json::json;

use crate::cli::{Exit, Failure, say};
use crate::config::{Config, Problems};
use crate::plugins;
use crate::store::Store;

/// Reads the configuration, asks the plugins what they think of it, and opens the plugin directory.
pub(crate) fn read(path: &Path) -> Result<(Option<(Config, Library)>, Problems), Failure> {
    let (config, mut problems) = Config::load(path);
    let Some(config) = config else { return Ok((None, problems)) };
    let sandbox = Sandbox::new().map_err(Failure::other)?;
    let (library, broken) = Library::open(sandbox, config.plugins_dir.as_deref());
    for problem in broken {
        problems.warn(None, problem.to_string(), "Create the directory; repair or remove the file.");
    }
    plugins::check(&library, &config, &mut problems);
    if let Some(tls) = config.gateway.as_ref().and_then(|gateway| gateway.tls.as_ref())
        && let Err(why) = tls.load()
    {
        let remedy = "Give it the whole chain and its key, in PEM form; the key with mode 0600.";
        problems.error(Some(tls.line), format!("gateway: tls: {why}"), remedy);
    }
    Ok((Some((config, library)), problems))
}

pub(super) fn check(path: &Path, as_json: bool) -> Result<(), Failure> {
    let (config, problems) = read(path)?;
    if as_json {
        let report = json!({ "ok": !problems.has_errors(), "problems": problems.sorted() });
        say(format!("{report:#}"))?;
    } else {
        let mut text = problems.to_string();
        if let Some((config, _)) = config.filter(|_| !problems.has_errors()) {
            text.push_str(&summary(&config));
        }
        say(text.trim_end())?;
    }
    if problems.has_errors() { Err(Failure::with(Exit::Input, "")) } else { Ok(()) }
}

fn summary(config: &Config) -> String {
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
                "  Endpoint {} is asked by https, although http:// is written: write https://.\n",
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
    for channel in &config.channels {
        text.push_str(&format!(
            "Channel {}: plugin {}, from {} up.\n",
            channel.name, channel.plugin, channel.min_severity
        ));
    }
    if let Some(gateway) = &config.gateway {
        let tls = gateway.tls.as_ref().map_or_else(String::new, |tls| format!(", https on {}", tls.listen));
        text.push_str(&format!("Gateway on {}{tls}.\n", gateway.listen));
    }
    text.push_str("The configuration can be run.\n");
    text
}
