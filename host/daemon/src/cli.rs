//! The command line.

mod ack;
mod alert;
mod alerts;
mod check;
mod common;
mod daemon;
mod devnet;
mod endpoints;
mod maintenance;
mod pause;
mod plugin;
mod rehearse;
mod run;
mod status;
mod switch;
mod tx;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use common::{ConfigFile, duration};
use dogwatch_client::Failure;
use dogwatch_demo::Scenario;

use crate::clock::Clock;
use crate::logging::LogFormat;

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  something went wrong
  2  the command line is wrong
  3  the configuration or the input is wrong
  4  no daemon answers
  5  refused: a rail is in the way
  6  the demo ran, and an invariant did not hold
  7  something would not work when it is needed: a channel, a standby, a key

Start with `dogwatch demo`. Then write a dogwatch.toml, run `dogwatch check`, and `dogwatch run`.";

/// The night watch of a blockchain witness: keeps a Steem or Hive witness producing while its operator sleeps.
#[derive(Debug, Parser)]
#[command(name = "dogwatch", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: CliCommand,
    /// How log events are written to standard error
    #[arg(long, value_enum, default_value_t, global = true)]
    log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Watch the witnesses, alert, and switch where armed
    Run(ConfigFile),
    /// Say everything that is wrong with the configuration
    Check {
        #[command(flatten)]
        file: ConfigFile,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a failover on a simulated chain, from crash to key swap
    Demo {
        /// What happens
        #[arg(long, value_enum, default_value_t)]
        scenario: Scenario,
        /// Milliseconds from slot to slot; a real chain has 3000
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(50..=3000))]
        slot_ms: u64,
        /// Keep the demo's files, and say where they are
        #[arg(long)]
        keep: bool,
    },
    /// Run a simulated chain that answers like a real node
    Devnet {
        /// Its configuration
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Look at transactions
    #[command(subcommand)]
    Tx(tx::TxCommand),
    /// Show what the running daemon sees
    Status {
        #[command(flatten)]
        file: ConfigFile,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the endpoints, the best first: health, head, latency, standing, errors, budget
    Endpoints {
        #[command(flatten)]
        file: ConfigFile,
        /// Ask the endpoints from here and now instead of the running daemon; takes a few blocks
        #[arg(long)]
        ask: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Switch a witness by hand: the same rails, --force for the soft ones
    Switch {
        #[command(flatten)]
        file: ConfigFile,
        /// The witness
        witness: String,
        /// The node to switch to
        #[arg(required_unless_present = "disable", conflicts_with = "disable")]
        node: Option<String>,
        /// Disable the witness instead; only its active key can enable it again
        #[arg(long)]
        disable: bool,
        /// Pass the soft rails: fitness, budget, cool-down, own slot, observe mode
        #[arg(long)]
        force: bool,
        /// The chain, if the witness is watched on several
        #[arg(long)]
        chain: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Hold automatic switches of a witness for a while
    Pause {
        #[command(flatten)]
        file: ConfigFile,
        /// The witness
        witness: String,
        /// For how long, such as 30m or 2h
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        span: Duration,
        /// The chain, if the witness is watched on several
        #[arg(long)]
        chain: Option<String>,
    },
    /// End a pause
    Resume {
        #[command(flatten)]
        file: ConfigFile,
        /// The witness
        witness: String,
        /// The chain, if the witness is watched on several
        #[arg(long)]
        chain: Option<String>,
    },
    /// Show the open alerts
    Alerts {
        #[command(flatten)]
        file: ConfigFile,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take an alert on: it is said no more, unless it gets worse
    Ack {
        #[command(flatten)]
        file: ConfigFile,
        /// Its key, as `dogwatch alerts` shows it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        key: Option<String>,
        /// All that are open
        #[arg(long)]
        all: bool,
        /// Who takes it on; else the user's name
        #[arg(long)]
        by: Option<String>,
    },
    /// Try the channels, raise alerts of your own, tell of a start that failed
    #[command(subcommand)]
    Alert(alert::AlertCommand),
    /// Hold alerts back for a while; nothing is lost
    #[command(subcommand)]
    Maintenance(maintenance::MaintenanceCommand),
    /// Find out whether a switch and the alerts would work now; sends no transaction and wakes nobody
    Rehearse {
        #[command(flatten)]
        file: ConfigFile,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Policies and alert channels
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
}

/// Runs the command line and says how it went.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    crate::logging::start(cli.log_format);
    crate::install_tls_provider();
    let done = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the async runtime could not start: {error}")))
        .and_then(|runtime| {
            let done = runtime.block_on(execute(cli.command, Clock::system()));
            // A name that is still being looked up must not hold up the end.
            runtime.shutdown_background();
            done
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                eprintln!("dogwatch: {}", failure.message.trim_end());
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}

async fn execute(command: CliCommand, clock: Clock) -> Result<(), Failure> {
    match command {
        CliCommand::Run(file) => run::run(&file.config, clock).await,
        CliCommand::Check { file, json } => check::check(&file.config, json),
        CliCommand::Demo { scenario, slot_ms, keep } => {
            dogwatch_demo::run(scenario, Duration::from_millis(slot_ms), keep, clock).await
        }
        CliCommand::Devnet { config } => devnet::run(&config).await,
        CliCommand::Tx(command) => tx::run(command),
        CliCommand::Status { file, json } => status::status(&file.config, json).await,
        CliCommand::Endpoints { file, ask, json } => {
            let from = if ask { endpoints::From::Endpoints } else { endpoints::From::Daemon };
            endpoints::endpoints(&file.config, from, json, clock).await
        }
        CliCommand::Switch { file, witness, node, disable, force, chain, json } => {
            let to = if disable { None } else { node };
            let request = switch::SwitchOrder { witness: &witness, chain, to, force };
            switch::switch(&file.config, request, json).await
        }
        CliCommand::Pause { file, witness, span, chain } => {
            pause::pause(&file.config, &witness, chain, Some(span)).await
        }
        CliCommand::Resume { file, witness, chain } => pause::pause(&file.config, &witness, chain, None).await,
        CliCommand::Alerts { file, json } => alerts::alerts(&file.config, json).await,
        CliCommand::Ack { file, key, all: _, by } => ack::ack(&file.config, key, by).await,
        CliCommand::Alert(command) => alert::alert(command, clock).await,
        CliCommand::Maintenance(command) => maintenance::maintenance(command).await,
        CliCommand::Rehearse { file, json } => rehearse::rehearse(&file.config, json).await,
        CliCommand::Plugin(command) => plugin::run(&command),
    }
}
