//! Configurations in the pages, each checked with `dogwatch check`.
//!
//! A `toml` block is a fragment: it is merged into examples/dogwatch.toml, section by section, with the channels of
//! examples/channels.toml that it names. A section replaces only the keys that it has. `whole` marks a complete
//! configuration, `devnet` one of a devnet, `night` a night's script. `file=…` shows that file, and `as=…` is for the commands after it.

use toml::{Table, Value};

use super::blocks::{self, Block};
use super::page;
use super::plugins::put_named;
use crate::support::{Net, dogwatch, etc};

/// Merges a fragment's keys into a configuration.
fn merge(into: &mut Table, fragment: Table) {
    // The settings of one policy are none of another's.
    if fragment.get("policy").is_some_and(|policy| into.get("policy") != Some(policy)) {
        into.remove("settings");
    }
    for (key, value) in fragment {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(known)), Value::Table(more)) => merge(known, more),
            // [witness.rails] belongs to the last [[witness]].
            (Some(Value::Array(known)), Value::Table(more)) if known.last().is_some_and(Value::is_table) => {
                merge(known.last_mut().unwrap().as_table_mut().unwrap(), more);
            }
            (Some(Value::Array(known)), Value::Array(more)) if more.iter().all(Value::is_table) => {
                more.into_iter().for_each(|section| add(known, section));
            }
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Adds a section to the others of its kind, or merges it into the one with the same name.
fn add(known: &mut Vec<Value>, section: Value) {
    let name = section.get("name");
    match known.iter_mut().find(|other| name.is_some() && other.get("name") == name) {
        Some(other) => merge(other.as_table_mut().unwrap(), section.try_into().unwrap()),
        None => known.push(section),
    }
}

/// The complete configuration for a fragment.
fn configuration(fragment: &Block) -> String {
    let parsed = |text: &str| text.parse::<Table>().unwrap_or_else(|error| unreachable!("{}: {error}", fragment.place));
    let mut config = parsed(include_str!("../../../examples/dogwatch.toml"));
    let mut channels = parsed(include_str!("../../../examples/channels.toml"));
    for channel in channels.remove("channel").unwrap().as_array().unwrap() {
        if fragment.text.contains(&format!("\"{}\"", channel["name"].as_str().unwrap())) {
            add(config["channel"].as_array_mut().unwrap(), channel.clone());
        }
    }
    merge(&mut config, parsed(&fragment.text));
    config.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn configurations_pass_their_check() {
    for page in page::all() {
        for block in blocks::of(&page).into_iter().filter(|block| block.language == "toml") {
            if block.value("file").is_some() || block.value("as").is_some() {
                continue;
            }
            if block.is("devnet") {
                dogwatch_devnet::DevnetConfig::from_toml(&block.text).unwrap().profile().unwrap();
                continue;
            }
            if block.is("night") {
                dogwatch_trial::Script::<Table>::from_toml(&block.text).unwrap();
                continue;
            }
            let dir = Net::directory();
            let text = if block.is("whole") { block.text.clone() } else { configuration(&block) };
            let path = dir.path().join("dogwatch.toml");
            std::fs::write(&path, etc(dir.path(), &text)).unwrap();
            put_named(&text, &dir.path().join("plugins"));
            let output = dogwatch().args(["check", "--config"]).arg(&path).output().await.unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{}:\n{said}", block.place);
            assert!(!said.contains("warning:"), "{}:\n{said}", block.place);
        }
    }
}
