//! `dogwatch plugin`.

mod ask_me;
mod bench;
mod build;
mod check;
mod inspect;
mod list;
mod new;
mod sign;
mod test;
mod trust;
mod verify;

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use dogwatch_authoring::{Kind, Language};
use dogwatch_client::Failure;
use dogwatch_plugins::{AnyPlugin, Library, PolicyPlugin};

pub(super) use check::given_settings;

use crate::cli::common::{ConfigFile, Format};
use crate::clock::Clock;
use crate::plugin_cache;

#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// List the plugins, bundled and your own; with a name, show that one's settings. With a configuration, what the daemon refuses is
    /// told
    List {
        /// The plugin to show
        name: Option<String>,
        /// The plugin directory; by default that of the configuration
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// The configuration file
        #[arg(short, long, value_name = "FILE", env = "DOGWATCH_CONFIG")]
        config: Option<PathBuf>,
        #[command(flatten)]
        format: Format,
    },
    /// Begin a plugin: writes a project that builds, passes its tests and loads
    New {
        /// The plugin's name, and the folder that is made
        name: String,
        /// What it does
        #[arg(long, value_enum, default_value = "policy")]
        kind: KindArgument,
        /// The language it is written in
        #[arg(long, value_enum, default_value = "rust")]
        lang: LanguageArgument,
    },
    /// Write the SDK for Rust, with the interfaces (WIT), into a folder
    Sdk {
        /// The folder; it is made, or must be empty
        dir: PathBuf,
    },
    /// Build the plugin's project in this folder, and put its file in place
    Build {
        /// The project's folder
        #[arg(default_value = ".")]
        project: PathBuf,
        /// Where the file goes: a plugin directory, say; by default the project's folder
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
        /// Go on: build again whenever a file of the project changes
        #[arg(long)]
        watch: bool,
    },
    /// Try a plugin's file: whether it loads, accepts its settings, and copes with quiet and with hard situations
    Check {
        /// The file
        file: PathBuf,
        /// Settings to try it with: a TOML file, as [witness.settings] or [channel.settings] would be
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        #[command(flatten)]
        format: Format,
    },
    /// Play nights that are scripts, and hold a policy's decisions against what they expect
    Test {
        /// The policy's file, or a bundled policy's name
        #[arg(required_unless_present_any = ["faults", "ask_me"])]
        file: Option<PathBuf>,
        /// The nights: TOML files
        #[arg(value_name = "NIGHT", required_unless_present_any = ["faults", "ask_me"])]
        nights: Vec<PathBuf>,
        /// List what can go wrong in a night
        #[arg(long, conflicts_with_all = ["file", "nights"])]
        faults: bool,
        /// Play that night, and ask the program at the other end of standard input and output: the SDK's test kit
        #[arg(long, value_name = "NIGHT", conflicts_with_all = ["file", "nights", "faults"], hide = true)]
        ask_me: Option<PathBuf>,
        #[command(flatten)]
        format: Format,
    },
    /// Show what a plugin's file is, imports and exports, even if it does not load
    Inspect {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        format: Format,
    },
    /// Show what a plugin of the plugin directory is and asks for, pin its file in the configuration, and grant it that: another file,
    /// and what asks for more, is refused
    Trust {
        /// The plugin's name
        name: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Sign a plugin's file, as minisign does, or make the keys for it. The key's password is asked for, or taken from
    /// $DOGWATCH_SIGN_PASSWORD
    Sign(sign::SignOrder),
    /// Say whether a plugin's file has a good signature beside it, and by whom
    Verify(verify::VerifyOrder),
    /// Measure a policy: fuel and time of a decision, situation by situation
    Bench {
        /// The file
        file: PathBuf,
        /// Settings to try it with: a TOML file, as [witness.settings] would be
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        /// How many decisions in each situation
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        times: u32,
        #[command(flatten)]
        format: Format,
    },
}

/// What a new plugin does.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum KindArgument {
    /// Decides when the key moves
    Policy,
    /// Delivers alerts
    Channel,
}

/// The language of a new plugin.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LanguageArgument {
    /// With the SDK
    Rust,
    /// With componentize-py
    Python,
    /// With componentize-js
    Js,
}

impl From<KindArgument> for Kind {
    fn from(argument: KindArgument) -> Self {
        match argument {
            KindArgument::Policy => Self::Policy,
            KindArgument::Channel => Self::Channel,
        }
    }
}

impl From<LanguageArgument> for Language {
    fn from(argument: LanguageArgument) -> Self {
        match argument {
            LanguageArgument::Rust => Self::Rust,
            LanguageArgument::Python => Self::Python,
            LanguageArgument::Js => Self::JavaScript,
        }
    }
}

/// A policy's file, or the bundled policy of that name.
pub(super) fn policy(named: &Path) -> Result<PolicyPlugin, Failure> {
    let sandbox = plugin_cache::authors_sandbox().map_err(Failure::other)?;
    if !named.exists()
        && let Some(name) = named.to_str().filter(|name| !name.contains(['/', '.']))
    {
        return Library::open(sandbox, None).0.policy(name).map_err(Failure::input);
    }
    match Library::load_file(sandbox, named).map_err(Failure::input)? {
        AnyPlugin::Policy(policy) => Ok(policy),
        AnyPlugin::Channel(_) => Err(Failure::input(format!("{} is a channel: only policies decide", named.display()))),
    }
}

pub(super) fn run(command: PluginCommand, clock: Clock) -> Result<(), Failure> {
    match command {
        PluginCommand::List { name, dir, config, format } => {
            list::run(name.as_deref(), dir.as_deref(), config.as_deref(), format)
        }
        PluginCommand::New { name, kind, lang } => new::project(&name, kind.into(), lang.into()),
        PluginCommand::Sdk { dir } => new::sdk(&dir),
        PluginCommand::Build { project, to, watch: false } => build::run(&project, to.as_deref()),
        PluginCommand::Build { project, to, watch: true } => build::watch(&project, to.as_deref()),
        PluginCommand::Check { file, settings, format } => check::run(&file, settings.as_deref(), format),
        PluginCommand::Test { file: Some(file), nights, format, .. } => test::run(&file, &nights, format),
        PluginCommand::Test { ask_me: Some(night), .. } => ask_me::run(&night),
        PluginCommand::Test { file: None, .. } => test::faults(),
        PluginCommand::Trust { name, config } => trust::run(&name, &config.config),
        PluginCommand::Sign(order) => sign::run(&order, clock),
        PluginCommand::Verify(order) => verify::run(&order),
        PluginCommand::Inspect { file, format } => inspect::run(&file, format),
        PluginCommand::Bench { file, settings, times, format } => {
            bench::run(&file, settings.as_deref(), times, format, clock)
        }
    }
}
