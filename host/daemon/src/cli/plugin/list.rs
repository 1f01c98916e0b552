//! `dogwatch plugin list`.

use std::path::Path;

use dogwatch_client::{Exit, Failure};
use dogwatch_plugins::{Library, PluginInfo, PluginOrigin, Sandbox, SettingDoc};
use serde_json::json;

use crate::cli::common::Format;
use crate::config::paths;
use crate::plugin_cache;

pub(super) fn run(
    name: Option<&str>,
    dir: Option<&Path>,
    config: Option<&Path>,
    format: Format,
) -> Result<(), Failure> {
    let from_config = config.map(paths::plugins_dir_of).transpose().map_err(Failure::input)?.flatten();
    let sandbox = plugin_cache::sandbox(config.map(paths::state_dir_or_default).as_deref());
    list(sandbox.map_err(Failure::other)?, dir.or(from_config.as_deref()), name, format)
}

fn list(sandbox: Sandbox, directory: Option<&Path>, name: Option<&str>, format: Format) -> Result<(), Failure> {
    let (library, mut problems) = Library::open(sandbox, directory);
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
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
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
    let PluginInfo { name, origin, world, description, .. } = plugin;
    let world = world.to_string();
    let place = if *origin == PluginOrigin::Bundled { String::new() } else { format!("  ({origin})") };
    format!("{name:<14} {world:<8} {}{place}", description.about)
}

/// A plugin in a few lines, the last of them empty.
fn shown(plugin: &PluginInfo) -> String {
    let PluginInfo { name, origin, world, interface_version, description, sha256, size, .. } = plugin;
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
    format!("{head}    {}\n{settings}{secrets}", description.about)
}
