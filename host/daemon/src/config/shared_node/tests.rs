//! Shared nodes in a configuration, good and bad.

use std::path::Path;

use dogwatch_rpc::{AllowHttp, Endpoint};

use super::*;
use crate::config::Config;
use crate::config::problem::Level;

const ONE: &str = "STM6v97htZoYkmzU6dvy5xx5daoVdP6FT5AFomJZF2s7MmD7ExC1d";
const TWO: &str = "STM6CvqS9nUvGJnvSX5DVc7mrF6ePiavJGByVTt2fqT1h35SRpbjN";
const THREE: &str = "STM6nJifz6YP128Ajai8NmSBenLKSMyXej5uU27sWCt72y1aNtehw";

/// Alice and bob on the nodes fsn1 and hel1.
fn good() -> String {
    let chain = |name: &str| {
        format!(
            "[[chain]]\nname = \"{name}\"\nendpoints = [\"https://api.{name}.blog\", \"https://{name}.example.org\"]\n"
        )
    };
    let node = |name: &str, port| format!("[[node]]\nname = \"{name}\"\nprobe = \"http://127.0.0.1:{port}\"\n");
    let witness = |name: &str, keys: [&str; 2]| {
        let node = |name: &str, key: &str| format!("[[witness.node]]\nname = \"{name}\"\npublic_key = \"{key}\"\n");
        let nodes = [node("fsn1", keys[0]), node("hel1", keys[1])].concat();
        format!("[[witness]]\nname = \"{name}\"\nchain = \"hive\"\n{nodes}")
    };
    [
        "site = \"test\"\nstate_dir = \"/tmp/dogwatch\"\n".to_owned(),
        chain("hive"),
        chain("steem"),
        node("fsn1", 8091),
        node("hel1", 8092),
        witness("alice", [ONE, TWO]),
        witness("bob", [ONE, THREE]),
        "[[channel]]\nname = \"pager\"\nplugin = \"webhook\"\nallow_hosts = [\"hooks.example.com\"]\n".to_owned(),
    ]
    .concat()
}

/// The problems but those that every case has: the witnesses have no private keys.
fn problems(text: &str) -> (Option<Config>, Vec<(Level, String)>) {
    let mut problems = Problems::new(Path::new("dogwatch.toml"));
    let config = Config::parse(text, &mut problems);
    let shown = problems.sorted().into_iter().filter(|problem| !problem.what.contains("there is no private key"));
    let shown = shown.map(|problem| {
        let line = problem.line.map_or_else(String::new, |line| format!("{line}: "));
        (problem.level, format!("{line}{}. {}", problem.what, problem.remedy))
    });
    let shown = shown.collect();
    (config, shown)
}

#[test]
fn witnesses_share_a_node_by_its_name() {
    let (config, found) = problems(&good());
    assert_eq!(found, []);
    let witnesses = config.unwrap().witnesses;
    for witness in &witnesses {
        let nodes = witness.nodes.iter().map(|node| (node.sharing, node.probe.clone()));
        let probe = |url| Some(Endpoint::parse(url, AllowHttp::No).unwrap());
        let expected = ["http://127.0.0.1:8091", "http://127.0.0.1:8092"].map(|url| (Sharing::Shared, probe(url)));
        assert_eq!(nodes.collect::<Vec<_>>(), expected);
        assert!(witness.shares("fsn1") && !witness.shares("fsn2"));
    }
    assert_eq!(witnesses[0].nodes[0].public_key, witnesses[1].nodes[0].public_key, "one key on one node is allowed");
}

#[test]
fn a_node_without_a_section_is_a_witnesss_own() {
    let text = good().replacen(
        "[[witness.node]]\nname = \"fsn1\"",
        "[[witness.node]]\nprobe = \"http://127.0.0.1:8093\"\nname = \"fsn2\"",
        1,
    );
    let text = text.replacen(ONE, "STM5jZtLoV8YbxCxr4imnbWn61zMB24wwonpnVhfXRmv7j6fk3dTH", 1);
    let (config, found) = problems(&text);
    assert_eq!(found, []);
    let nodes = config.unwrap().witnesses.remove(0).nodes;
    assert_eq!(nodes.iter().map(|node| node.sharing).collect::<Vec<_>>(), [Sharing::Own, Sharing::Shared]);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let fsn1 = "[[witness.node]]\nname = \"fsn1\"";
    let cases = [
        (
            fsn1,
            "[[witness.node]]\nname = \"fsn1\"\nprobe = \"http://127.0.0.1:1\"",
            "20: witness \"alice\", node \"fsn1\": probe is set here, and the node has a [[node]] section (line 9). Set it in \
             that section alone: it holds for all witnesses.",
        ),
        (
            fsn1,
            "[[witness.node]]\nname = \"fsn1\"\nswitch_unprobed = true",
            "20: witness \"alice\", node \"fsn1\": switch_unprobed is set here, and the node has a [[node]] section (line 9). \
             Set it in that section alone: it holds for all witnesses.",
        ),
        (
            fsn1,
            "[[witness.node]]\nname = \"fsn\"",
            "19: witness \"alice\", node \"fsn\": there is no [[node]] \"fsn\". Did you mean \"fsn1\"? A node without a \
             [[node]] needs a probe, or switch_unprobed.",
        ),
        (
            "[[node]]\nname = \"hel1\"",
            "[[node]]\nname = \"fsn1\"",
            "12: node \"fsn1\" is configured twice, in line 9 too. Remove or rename one.",
        ),
        (
            "8092",
            "8091",
            "12: node \"hel1\" has the probe of node \"fsn1\". If it is one node, use one section. If not, correct the probe.",
        ),
        (
            "name = \"bob\"\nchain = \"hive\"",
            "name = \"bob\"\nchain = \"steem\"",
            "27: witness \"bob\": node \"fsn1\" is on steem, and on hive for witness \"alice\". A node follows one chain: give \
             the node of each chain a [[node]] of its own.",
        ),
        (
            "[[node]]\nname",
            "[[node]]\npublic_key = \"STM\"\nname",
            "10: node \"fsn1\": public_key is set here: it is a witness's own. Move it to the [[witness.node]] of that name.",
        ),
        ("[[node]]\nname", "[[node]]\nprob = 1\nname", "10: node \"fsn1\": unknown key prob. Did you mean probe?"),
        ("[[node]]\nname = \"fsn1\"\n", "[[node]]\n", "9: node: name is missing. Add name = \"primary\"."),
    ];
    for (from, to, expected) in cases {
        let text = good();
        assert!(text.contains(from), "{from}");
        let (_, found) = problems(&text.replacen(from, to, 1));
        assert!(found.contains(&(Level::Error, expected.to_owned())), "{to}: {found:#?}");
    }
}

#[test]
fn another_node_with_the_same_key_is_an_error_still() {
    let (_, found) = problems(&good().replacen(THREE, ONE, 1));
    assert!(
        found.iter().any(|(level, what)| *level == Level::Error && what.contains("has the same key as")),
        "{found:#?}"
    );
}

#[test]
fn warnings_are_for_the_node_and_not_for_each_witness() {
    let unused = "[[node]]\nname = \"spare\"\nprobe = \"http://127.0.0.1:8093\"\n[[witness]]";
    let (_, found) = problems(&good().replacen("[[witness]]", unused, 1));
    let text = "15: node \"spare\": no witness has it. Add a [[witness.node]] of that name, or remove the section.";
    assert_eq!(found, [(Level::Warning, text.to_owned())]);
    let (_, found) = problems(&good().replacen("probe = \"http://127.0.0.1:8092\"\n", "", 1));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].1.starts_with("12: node \"hel1\" has no probe"), "{found:#?}");
}
