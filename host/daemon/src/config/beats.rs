//! The `[beats]` section: where the daemon hears the machines of its nodes.

use std::net::SocketAddr;

use crate::config::listen;
use crate::config::problem::Problems;
use crate::config::reader::Section;
use crate::config::witness::Located;

/// Reads the address where beats are heard.
pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<SocketAddr> {
    let listen = listen::address(&mut section, "listen", "\"0.0.0.0:7441\"", problems);
    section.finish(problems);
    listen
}

/// Beats that nobody hears, and a port at which nobody speaks.
pub(super) fn check(listen: Option<SocketAddr>, witnesses: &[Located], problems: &mut Problems) {
    for witness in witnesses {
        let nodes = witness.config.nodes.iter().zip(&witness.node_lines);
        let mut seen = Vec::new();
        for (key, name, line) in nodes.filter_map(|(node, line)| Some((node.beat?, &node.name, line))) {
            if seen.contains(&key) {
                let what =
                    format!("witness {:?}, node {name:?} has the beat of another node", witness.config.name.as_str());
                let remedy = "Make a key for each node: the end of one process would be told of both.";
                problems.error(Some(*line), what, remedy);
            }
            seen.push(key);
        }
    }
    let nodes = witnesses.iter().flat_map(|witness| witness.config.nodes.iter().zip(&witness.node_lines));
    let first = nodes.filter(|(node, _)| node.beat.is_some()).map(|(_, line)| *line).min();
    match (listen, first) {
        (None, Some(line)) => problems.error(
            Some(line),
            "beat is set, and there is no [beats] section: nobody would hear it".to_owned(),
            "Add [beats] with listen = \"0.0.0.0:7441\", and let that UDP port through from the node's machine.",
        ),
        (Some(_), None) => problems.warn(
            None,
            "[beats] is there, and no node has a beat: nothing would be heard".to_owned(),
            "Set beat of a [[witness.node]] to the key that dogwatch beat --new-key prints on its machine.",
        ),
        (Some(_), Some(_)) | (None, None) => {}
    }
}
