//! Checks across sections, for values that are valid alone and wrong together.

use std::collections::BTreeMap;

use dogwatch_engine::{Mode, Sharing, Unprobed};

use crate::config::chain::ChainConfig;
use crate::config::channel::ChannelConfig;
use crate::config::node::{NodeSettings, Sight};
use crate::config::problem::Problems;
use crate::config::witness::Located;

/// Whether the file has sections of one kind, valid or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sections {
    None,
    Some,
}

impl Sections {
    /// `None` only for an empty list. A value that is not a list has been reported.
    pub(super) fn of<T>(read: Option<&Vec<T>>) -> Self {
        if read.is_some_and(Vec::is_empty) { Self::None } else { Self::Some }
    }
}

/// Reports sections that are missing altogether.
pub(super) fn check_present(witness: Sections, channel: Sections, problems: &mut Problems) {
    if witness == Sections::None {
        problems.error(None, "there is no [[witness]] to watch".to_owned(), "Add one section per witness.");
    }
    if channel == Sections::None {
        problems.warn(
            None,
            "there is no [[channel]]: nobody would hear an alert".to_owned(),
            "Add one; plugin = \"webhook\" works with almost anything.",
        );
    }
}

pub(super) fn check(
    chains: &[ChainConfig],
    witnesses: &[Located],
    channels: &[ChannelConfig],
    problems: &mut Problems,
) {
    twice(chains.iter().map(|chain| chain.profile.name.as_str()), "chain", problems);
    twice(channels.iter().map(|channel| channel.name.as_str()), "channel", problems);
    let names: Vec<String> = witnesses.iter().map(|w| format!("{} on {}", w.config.name, w.config.chain)).collect();
    twice(names.iter().map(String::as_str), "witness", problems);
    shared_keys(witnesses, problems);
    for witness in witnesses {
        nodes(witness, problems);
    }
}

fn twice<'a>(names: impl Iterator<Item = &'a str>, what: &str, problems: &mut Problems) {
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            problems.error(None, format!("{what} {name:?} is configured twice"), "Remove or rename one.");
        }
        seen.push(name);
    }
}

/// Two nodes with the same key would both produce: the chain cannot tell them apart, so a switch cannot fence one. Two
/// chains must not share a key either: anybody with the key of one could sign on the other.
fn shared_keys(witnesses: &[Located], problems: &mut Problems) {
    let mut owners: BTreeMap<_, (String, &NodeSettings)> = BTreeMap::new();
    for witness in witnesses {
        for (node, line) in witness.config.nodes.iter().zip(&witness.node_lines) {
            let config = &witness.config;
            let label = format!("witness {:?} on {}, node {:?}", config.name.as_str(), config.chain, node.name);
            if let Some((other, known)) = owners.get(&node.public_key) {
                // On one node two witnesses may have one key: a switch fences each of them.
                if node.sharing == Sharing::Shared && known.sharing == Sharing::Shared && node.name == known.name {
                    continue;
                }
                problems.error(
                    Some(*line),
                    format!("{label} has the same key as {other}"),
                    "Give every node its own key: only then does a switch fence the old node.",
                );
            } else {
                owners.insert(node.public_key, (label, node));
            }
        }
    }
}

fn nodes(witness: &Located, problems: &mut Problems) {
    let config = &witness.config;
    let what = format!("witness {:?}", config.name.as_str());
    twice(config.nodes.iter().map(|node| node.name.as_str()), &format!("{what}: node"), problems);
    if witness.node_sections == Some(0) {
        let remedy = "Add a [[witness.node]] for each node that can produce.";
        problems.error(Some(config.line), format!("{what} has no nodes"), remedy);
    } else if witness.node_sections == Some(1) {
        let remedy = "Add a [[witness.node]] for a standby.";
        problems.warn(Some(config.line), format!("{what} has only one node: there is nothing to switch to"), remedy);
    }
    let ready = |node: &NodeSettings| {
        node.key.is_some() && (node.probe.is_some() || node.beat.is_some() || node.unprobed == Unprobed::Allowed)
    };
    if config.mode == Mode::Observe && config.nodes.len() > 1 && config.nodes.iter().all(ready) {
        let text = format!("{what}: mode is \"observe\": all is ready for a switch, and none will be made");
        problems.note(Some(config.line), text, "Set mode = \"armed\" once you trust it.");
    }
    for (node, line) in config.nodes.iter().zip(&witness.node_lines) {
        let label = format!("{what}, node {:?}", node.name);
        if node.sharing == Sharing::Own {
            let NodeSettings { probe, beat, unprobed, .. } = node.clone();
            unseen(&label, *line, &Sight { probe, beat, unprobed }, problems);
        }
    }
}

/// Warns of a node of which nothing tells whether it is fit.
pub(super) fn unseen(label: &str, line: usize, sight: &Sight, problems: &mut Problems) {
    if sight.probe.is_some() || sight.beat.is_some() {
        return;
    }
    match sight.unprobed {
        Unprobed::Refused => problems.warn(
            Some(line),
            format!("{label} has no probe: its fitness is unknown, so Dogwatch does not switch to it"),
            "Add probe = \"http://127.0.0.1:8091\", or switch_unprobed = true.",
        ),
        Unprobed::Allowed => problems.note(
            Some(line),
            format!("{label} has no probe: Dogwatch switches to it without knowing whether it is fit"),
            "Add probe = \"http://127.0.0.1:8091\".",
        ),
    }
}
