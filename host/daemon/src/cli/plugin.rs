//! `dogwatch plugin`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use dogwatch_plugins::{Library, PluginInfo, Sandbox, SettingDoc};
use serde_json::json;

use crate::cli::{Exit, Failure};
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
        println!("{:#}", json!({ "plugins": plugins, "problems": problems }));
    } else {
        for plugin in &plugins {
            print(plugin);
        }
        for problem in &problems {
            println!("! {problem}");
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::with(Exit::Input, "")) }
}

fn print(plugin: &PluginInfo) {
    let PluginInfo { name, origin, world, interface_version, description, sha256, size, .. } = plugin;
    let sum: String = sha256.chars().take(12).collect();
    println!(
        "{name}  {world} {interface_version}  version {}  {origin}  {size} bytes  sha256 {sum}…",
        description.version
    );
    println!("    {}", description.about);
    let doc = |kind: &str, docs: &[SettingDoc]| {
        for SettingDoc { name, default, about } in docs {
            let default = if default.is_empty() { String::new() } else { format!(" (default {default})") };
            println!("    {kind} {name}{default}: {about}");
        }
    };
    doc("setting", &description.settings);
    doc("secret", &description.secrets);
    println!();
}
