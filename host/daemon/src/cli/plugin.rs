//! `dogwatch plugin`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use dogwatch_plugins::{Library, PluginInfo, Sandbox, SettingDoc};
use serde_json::json;

use crate::cli::{Exit, Failure, say};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// Show the plugins, bundled and dropped in, with their settings
    List {
        /// The plugin directory; without it that of the configuration
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// The configuration
        #[arg(short, long, value_name = "FILE", env = "DOGWATCH_CONFIG")]
        config: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &PluginCommand) -> Result<(), Failure> {
    let PluginCommand::List { dir, config, json } = command;
    let from_config = config.as_deref().map(Config::plugins_dir_of).transpose().map_err(Failure::input)?.flatten();
    list(dir.as_deref().or(from_config.as_deref()), *json)
}

fn list(directory: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let (library, mut problems) = Library::open(Sandbox::new().map_err(Failure::other)?, directory);
    let (plugins, broken) = library.list();
    problems.extend(broken);
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    if as_json {
        say(format_args!("{:#}", json!({ "plugins": plugins, "problems": problems })))?;
    } else {
        for plugin in &plugins {
            say(shown(plugin))?;
        }
        for problem in &problems {
            say(format_args!("! {problem}"))?;
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::with(Exit::Input, "")) }
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
