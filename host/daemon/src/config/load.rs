//! The configuration as a whole: reading it, checking it, and salvaging what is usable of a broken one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dogwatch_alerts::{Recipient, Rules};
use dogwatch_plugins::Signatures;

use crate::config::alerts::{self, AlertConfig};
use crate::config::beats;
use crate::config::chain::{self, ChainConfig};
use crate::config::channel::{self, ChannelConfig};
use crate::config::gateway::{self, GatewayConfig};
use crate::config::grant::{self, Grants};
use crate::config::problem::Problems;
use crate::config::shared_node::SharedNode;
use crate::config::witness::{self, WitnessConfig};
use crate::config::{cross, duration, file, metrics, mode, paths, pin, reader, shared_node, signers};

const REPEAT: duration::Range<'_> = duration::Range {
    least: Duration::from_secs(1),
    most: Duration::from_hours(24),
    why: "an alert that is not repeated within a day is forgotten",
};

/// A configuration without errors.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of the place where this daemon runs; part of every log event and alert.
    pub site: String,
    /// The state directory.
    pub state_dir: PathBuf,
    /// The directory for the operator's own plugins, if there is one.
    pub plugins_dir: Option<PathBuf>,
    /// The SHA-256 that plugins' files must have, by their names.
    pub pins: BTreeMap<String, String>,
    /// What pinned plugins may use, by their names.
    pub grants: Grants,
    /// Whose signatures plugins' files need.
    pub signatures: Signatures,
    /// How often an open critical alert or page is repeated.
    pub repeat: Duration,
    /// The chains.
    pub chains: Vec<ChainConfig>,
    /// The witnesses.
    pub witnesses: Vec<WitnessConfig>,
    /// The alert channels.
    pub channels: Vec<ChannelConfig>,
    /// Who is notified of what, and when.
    pub alerts: AlertConfig,
    /// The gateway, if it is enabled.
    pub gateway: Option<GatewayConfig>,
    /// The address where beats are heard, if they are.
    pub beats: Option<SocketAddr>,
    /// The address where metrics are served, if they are.
    pub metrics: Option<SocketAddr>,
}

/// The readable parts of a broken configuration: enough to alert somebody about the rest.
#[derive(Clone, Debug, Default)]
pub struct Salvaged {
    /// The name of the place where the daemon runs.
    pub site: Option<String>,
    /// The channels whose sections have no errors, with what their plugins are granted.
    pub channels: Vec<ChannelConfig>,
    /// What pinned plugins may use, by their names.
    pub grants: Grants,
    /// Whose signatures plugins' files need, if that can be read without a doubt.
    pub signatures: Signatures,
}

impl Config {
    /// Reads and checks the file. `None` when it has errors; the problems also hold warnings.
    pub fn load(path: &Path) -> (Option<Self>, Problems) {
        let mut problems = Problems::new(path);
        match file::read(path) {
            Ok(text) => {
                let config = Self::parse(&text, &mut problems);
                (config.filter(|_| !problems.has_errors()), problems)
            }
            Err(error) => {
                problems.error(
                    None,
                    error.to_string(),
                    "Name the file with --config; examples/dogwatch.toml is one to start from.",
                );
                (None, problems)
            }
        }
    }

    /// Checks a configuration's text.
    pub fn parse(text: &str, problems: &mut Problems) -> Option<Self> {
        let source = reader::Source::new(text);
        let document = source.document(problems)?;
        let mut top = reader::Section::new(&source, document.get_ref(), "", 1);

        let site = top.text("site", problems);
        if let Some(site) = &site {
            top.check_name("site", site, problems);
        } else if !document.get_ref().contains_key("site") {
            problems.error(
                None,
                "site is missing".to_owned(),
                "Name the place where this daemon runs, such as site = \"fsn1\": it tells alerts from several sites apart.",
            );
        }
        let state_dir = paths::state_dir(&mut top, problems);
        let plugins_dir = top.text("plugins_dir", problems).map(|dir| PathBuf::from(dir.value));
        let pin::Pinned { pins, grants } = pin::read(&mut top, problems);
        let signatures = signers::read(&mut top, problems);
        let mode = mode::read(&mut top, problems).unwrap_or_default();
        let repeat = top.duration_within("repeat", REPEAT, problems).unwrap_or(Duration::from_secs(300));

        let chain_sections: Vec<_> = top.tables("chain", problems).into_iter().flatten().flatten().collect();
        let chain_names: Vec<&str> = chain_sections.iter().filter_map(reader::Section::own_name).collect();
        let chains: Vec<ChainConfig> =
            chain_sections.into_iter().filter_map(|section| chain::read(section, problems)).collect();
        let node_sections = top.tables("node", problems).into_iter().flatten().flatten();
        let nodes: Vec<SharedNode> = node_sections.filter_map(|section| shared_node::read(section, problems)).collect();
        let witness_sections = top.tables("witness", problems);
        let channel_sections = top.tables("channel", problems);
        let (witness, channel) =
            (cross::Sections::of(witness_sections.as_ref()), cross::Sections::of(channel_sections.as_ref()));
        let witness_sections = witness_sections.into_iter().flatten().flatten();
        let witnesses: Vec<witness::Located> = witness_sections
            .filter_map(|section| witness::read(section, &chains, &chain_names, mode, &nodes, problems))
            .collect();
        let channel_sections = channel_sections.into_iter().flatten().flatten();
        let mut channels: Vec<ChannelConfig> =
            channel_sections.filter_map(|section| channel::read(section, problems)).collect();
        let names: Vec<String> = channels.iter().map(|channel| channel.name.clone()).collect();
        let alert_section = top.table("alerts", problems);
        let route_sections = top.tables("route", problems).into_iter().flatten().flatten().collect();
        let alerts = alerts::read(alert_section, route_sections, &names, problems);
        let listens = top.table("beats", problems);
        let expects_beats = listens.is_some();
        let beats = listens.and_then(|section| beats::read(section, problems));
        let metrics = top.table("metrics", problems).and_then(|section| metrics::read(section, problems));
        let gateway = top.table("gateway", problems).and_then(|section| gateway::read(section, problems));
        top.finish(problems);

        cross::check_present(witness, channel, problems);
        cross::check(&chains, &witnesses, &channels, problems);
        shared_node::check(&nodes, &witnesses, problems);
        let watched: Vec<&WitnessConfig> = witnesses.iter().map(|located| &located.config).collect();
        grant::check(&grants, &channels, &watched, problems);
        channels.iter_mut().for_each(|channel| grant::narrow(&grants, channel));
        if beats.is_some() || !expects_beats {
            beats::check(beats, &witnesses, problems);
        }
        Some(Self {
            site: site?.value,
            state_dir,
            plugins_dir,
            pins,
            grants,
            signatures,
            repeat,
            chains,
            witnesses: witnesses.into_iter().map(|located| located.config).collect(),
            channels,
            alerts,
            gateway,
            beats,
            metrics,
        })
    }

    /// Reads what is usable of a file with errors.
    pub fn salvage(path: &Path) -> Salvaged {
        let Ok(text) = file::read(path) else { return Salvaged::default() };
        let source = reader::Source::new(&text);
        let (document, _) = toml::de::DeTable::parse_recoverable(&text);
        let mut ignored = Problems::new(path);
        let mut top = reader::Section::new(&source, document.get_ref(), "", 1);
        let site = top.text("site", &mut ignored).map(|site| site.value);
        let pin::Pinned { grants, .. } = pin::read(&mut top, &mut ignored);
        let mut doubts = Problems::new(path);
        let signatures = signers::read(&mut top, &mut doubts);
        let signatures = if doubts.has_errors() { Signatures::NotRequired } else { signatures };
        let sections = top.tables("channel", &mut ignored).into_iter().flatten().flatten();
        let whole = |section| {
            let mut problems = Problems::new(path);
            let mut channel = channel::read(section, &mut problems).filter(|_| !problems.has_errors())?;
            grant::narrow(&grants, &mut channel);
            Some(channel)
        };
        let channels = sections.filter_map(whole).collect();
        Salvaged { site, channels, grants, signatures }
    }

    /// The rules for notifying people; `heard` are the channels that send alerts to people.
    pub fn rules(&self, heard: &[String]) -> Rules {
        let recipients = self.channels.iter().filter(|channel| heard.contains(&channel.name));
        let recipient =
            |channel: &ChannelConfig| Recipient { name: channel.name.clone(), min_severity: channel.min_severity };
        Rules {
            routes: self.alerts.routes.clone(),
            gather: self.alerts.gather,
            storm: self.alerts.storm,
            flapping: self.alerts.flapping,
            zone: self.alerts.zone.clone(),
            rehearsal: self.alerts.rehearsal,
            ..Rules::plain(&self.site, recipients.map(recipient).collect(), self.repeat)
        }
    }

    /// The chain with this name.
    pub fn chain(&self, name: &str) -> Option<&ChainConfig> {
        self.chains.iter().find(|chain| chain.profile.name == name)
    }
}
