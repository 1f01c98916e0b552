//! `dogwatch plugin list`.

use std::path::Path;

use dogwatch_client::{Exit, Failure};
use dogwatch_plugins::{Checked, FileRules, Library, LoadProblem, PluginInfo, PluginOrigin, SettingDoc, SignatureInfo};
use serde_json::json;

use crate::cli::common::Format;
use crate::config::{Level, Problems, paths, plugin_rules_of};
use crate::plugin_cache;

pub(super) fn run(
    name: Option<&str>,
    dir: Option<&Path>,
    config: Option<&Path>,
    format: Format,
) -> Result<(), Failure> {
    let from_config = config.map(plugin_rules_of).transpose().map_err(Failure::input)?;
    let (from_config, rules, doubts) = match from_config {
        Some(read) => (read.directory, read.rules, errors(&read.problems)),
        None => (None, FileRules::default(), Vec::new()),
    };
    let sandbox = plugin_cache::sandbox(config.map(paths::state_dir_or_default).as_deref()).map_err(Failure::other)?;
    let (library, problems) = Library::open_with(sandbox, dir.or(from_config.as_deref()), rules);
    list(&library, problems, doubts, name, format)
}

/// What is wrong with what the configuration says about plugins.
fn errors(problems: &Problems) -> Vec<String> {
    let errors = problems.sorted().into_iter().filter(|problem| problem.level == Level::Error);
    errors
        .map(|problem| format!("the configuration: {}; to see all that is wrong with it: dogwatch check", problem.what))
        .collect()
}

fn list(
    library: &Library,
    mut problems: Vec<LoadProblem>,
    doubts: Vec<String>,
    name: Option<&str>,
    format: Format,
) -> Result<(), Failure> {
    if let Some(name) = name {
        if !library.names().iter().any(|known| known == name) {
            let known = library.names();
            let hint = match dogwatch_plugins::nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are: {}", known.join(", ")),
            };
            return Err(Failure::input(format!("there is no plugin {name}; {hint}")));
        }
        problems.retain(|problem| problem.name == name);
    }
    let (plugins, broken) = name.map_or_else(|| library.list(), |name| library.list_one(name));
    problems.extend(broken);
    let mut told = doubts;
    told.extend(problems.iter().map(ToString::to_string));
    let problems = told;
    format.print(&json!({ "plugins": plugins, "problems": problems }), |_| {
        let mut lines: Vec<String> = match name {
            Some(_) => plugins.iter().map(|plugin| shown(plugin).trim_end().to_owned()).collect(),
            None => plugins.iter().map(short).collect(),
        };
        if name.is_none() {
            lines.push("\nTo see the settings of one: dogwatch plugin list NAME".to_owned());
        }
        lines.extend(problems.iter().map(|problem| format!("! {problem}")));
        lines.join("\n")
    })?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::with(Exit::Input, "")) }
}

/// A plugin in one line.
fn short(plugin: &PluginInfo) -> String {
    let PluginInfo { name, origin, world, description, signature, .. } = plugin;
    let world = world.to_string();
    let place = if *origin == PluginOrigin::Bundled { String::new() } else { format!("  ({origin})") };
    let signed = signature.as_ref().map_or_else(String::new, |signature| format!("  signed {}", who(signature)));
    format!("{name:<14} {world:<8} {}{place}{signed}", description.about)
}

/// The key, and whether it is believed.
fn who(signature: &SignatureInfo) -> String {
    match signature.checked {
        Checked::Verified => format!("by key {}", signature.key),
        Checked::Unverified => format!("by key {} (not verified)", signature.key),
    }
}

/// A plugin in a few lines, the last of them empty.
fn shown(plugin: &PluginInfo) -> String {
    let PluginInfo { name, origin, world, interface_version, description, sha256, size, signature } = plugin;
    let sum: String = sha256.chars().take(12).collect();
    let version = &description.version;
    let head =
        format!("{name}  {world} {interface_version}  version {version}  {origin}  {size} bytes  sha256 {sum}…\n");
    let doc = |kind: &'static str, docs: &[SettingDoc]| {
        let line = |SettingDoc { name, default, about }: &SettingDoc| {
            let default = if default.is_empty() { String::new() } else { format!(" (default {default})") };
            format!("    {kind} {name}{default}: {about}\n")
        };
        docs.iter().map(line).collect::<String>()
    };
    let (settings, secrets) = (doc("setting", &description.settings), doc("secret", &description.secrets));
    let signed = signature.as_ref().map_or_else(String::new, |signature| format!("    signed {signature}\n"));
    format!("{head}    {}\n{signed}{settings}{secrets}", description.about)
}
