//! `[[node]]` sections: nodes that several witnesses share.

use dogwatch_engine::Sharing;
use dogwatch_plugins::nearest;

use crate::config::cross::unseen;
use crate::config::node::{SIGHT, Sight};
use crate::config::problem::Problems;
use crate::config::reader::{At, Section};
use crate::config::witness::Located;

/// A node that witnesses refer to by its name.
#[derive(Clone, Debug)]
pub(super) struct SharedNode {
    line: usize,
    name: String,
    sight: Sight,
}

/// The shared nodes, as one witness may refer to them.
#[derive(Debug)]
pub(super) struct SharedNames<'a> {
    nodes: &'a [SharedNode],
    /// The names of the witness's own sections.
    used: Vec<&'a str>,
}

/// Reads one shared node.
pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<SharedNode> {
    let name = section.required("name", "\"primary\"", problems);
    section.call(format!("node {:?}", name.as_ref().map_or("?", |name| name.value.as_str())));
    if let Some(name) = &name {
        section.check_name("name", name, problems);
    }
    let sight = Sight::read(&mut section, problems);
    let line = section.line();
    for key in ["key", "public_key"] {
        if let Some(line) = section.line_of(key) {
            let remedy = "Move it to the [[witness.node]] of that name.";
            section.error(problems, line, &format!("{key} is set here: it is a witness's own"), remedy);
        }
    }
    section.finish(problems);
    Some(SharedNode { line, name: name?.value, sight })
}

impl<'a> SharedNames<'a> {
    /// For the witness that has these sections.
    pub(super) fn new(nodes: &'a [SharedNode], sections: &[Option<Section<'a>>]) -> Self {
        Self { nodes, used: sections.iter().flatten().filter_map(Section::own_name).collect() }
    }

    /// How the node of that name is seen, if it is a shared one. That is not for the witness's own section to say.
    pub(super) fn find(&self, section: &mut Section<'_>, name: &At<String>, problems: &mut Problems) -> Option<Sight> {
        let Some(node) = self.nodes.iter().find(|node| node.name == name.value) else {
            self.suggest(section, name, problems);
            return None;
        };
        for key in SIGHT {
            if let Some(line) = section.line_of(key) {
                let text = format!("{key} is set here, and the node has a [[node]] section (line {})", node.line);
                section.error(problems, line, &text, "Set it in that section alone: it holds for all witnesses.");
            }
        }
        Some(node.sight.clone())
    }

    /// A section with nothing but a name and keys looks like a reference.
    fn suggest(&self, section: &mut Section<'_>, name: &At<String>, problems: &mut Problems) {
        if SIGHT.into_iter().any(|key| section.line_of(key).is_some()) {
            return;
        }
        let free = self.nodes.iter().map(|node| node.name.as_str()).filter(|name| !self.used.contains(name));
        if let Some(near) = nearest(&name.value, free) {
            let remedy = format!("Did you mean {near:?}? A node without a [[node]] needs a probe, or switch_unprobed.");
            section.error(problems, name.line, &format!("there is no [[node]] {:?}", name.value), remedy);
        }
    }
}

/// Checks shared nodes against each other and against the witnesses that refer to them.
pub(super) fn check(nodes: &[SharedNode], witnesses: &[Located], problems: &mut Problems) {
    for (place, node) in nodes.iter().enumerate() {
        for other in nodes.iter().take(place) {
            compare(node, other, problems);
        }
    }
    let mut unused = Vec::new();
    for node in nodes {
        let label = format!("node {:?}", node.name);
        match one_chain(node, witnesses, problems) {
            Used::Yes => unseen(&label, node.line, &node.sight, problems),
            Used::No => unused.push((node.line, format!("{label}: no witness has it"))),
        }
    }
    // A section with an error may be the one that has it.
    if !problems.has_errors() {
        for (line, text) in unused {
            problems.warn(Some(line), text, "Add a [[witness.node]] of that name, or remove the section.");
        }
    }
}

fn compare(node: &SharedNode, other: &SharedNode, problems: &mut Problems) {
    let mut error = |text: String, remedy: &str| problems.error(Some(node.line), text, remedy);
    let (name, line) = (&node.name, other.line);
    if *name == other.name {
        return error(format!("node {name:?} is configured twice, in line {line} too"), "Remove or rename one.");
    }
    let Sight { probe, beat, .. } = &node.sight;
    if probe.is_some() && *probe == other.sight.probe {
        let remedy = "If it is one node, use one section. If not, correct the probe.";
        error(format!("node {name:?} has the probe of node {:?}", other.name), remedy);
    }
    if beat.is_some() && *beat == other.sight.beat {
        let remedy = "Make a key for each node: the end of one process would be told of both.";
        error(format!("node {name:?} has the beat of node {:?}", other.name), remedy);
    }
}

/// Whether any witness has a shared node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Used {
    Yes,
    No,
}

/// A node follows one chain.
fn one_chain(shared: &SharedNode, witnesses: &[Located], problems: &mut Problems) -> Used {
    let mut first = None;
    for Located { config, node_lines, .. } in witnesses {
        let nodes = config.nodes.iter().zip(node_lines);
        let mut refers = nodes.filter(|(node, _)| node.sharing == Sharing::Shared && node.name == shared.name);
        let Some((_, line)) = refers.next() else { continue };
        let (chain, witness) = *first.get_or_insert((&config.chain, &config.name));
        if *chain != config.chain {
            let text = format!(
                "witness {:?}: node {:?} is on {}, and on {chain} for witness {:?}",
                config.name.as_str(),
                shared.name,
                config.chain,
                witness.as_str()
            );
            let remedy = "A node follows one chain: give the node of each chain a [[node]] of its own.";
            problems.error(Some(*line), text, remedy);
        }
    }
    if first.is_some() { Used::Yes } else { Used::No }
}

#[cfg(test)]
mod tests;
