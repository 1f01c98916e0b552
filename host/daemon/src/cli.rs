//! The command line.

mod ack;
mod alert;
mod alerts;
mod at;
mod beat;
mod check;
mod common;
mod daemon;
mod devnet;
mod endpoints;
mod interrupt;
mod maintenance;
mod parameters;
mod pause;
mod planned;
mod plugin;
mod prove;
mod rehearse;
mod replay;
mod roll;
mod run;
mod simulate;
mod status;
mod switch;
mod switchover;
mod tx;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use at::Moment;
use beat::BeatOrder;
use clap::{Parser, Subcommand};
use common::{ConfigFile, Format, duration};
use dogwatch_client::Failure;
use dogwatch_demo::{DemoFiles, Scenario};
use switchover::{Run, SwitchoverOrder, When};

use crate::clock::Clock;
use crate::logging::LogFormat;

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  something went wrong
  2  the command line is invalid
  3  the configuration or the input is invalid
  4  no daemon answers
  5  refused by a rail
  6  the demo broke an invariant
  7  something would not work when needed: a channel, a standby, a key

Start with `dogwatch demo`. Then write a dogwatch.toml, and run `dogwatch check` and `dogwatch run`.";

/// The night watch of a blockchain witness: keeps a Steem or Hive witness producing while its operator sleeps.
#[derive(Debug, Parser)]
#[command(name = "dogwatch", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: AnyCommand,
    /// Format of the log events on standard error
    #[arg(long, value_enum, default_value_t, global = true)]
    log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
enum AnyCommand {
    #[command(flatten)]
    ForPeople(CliCommand),
    /// Compile the plugin on standard input: what the others run in a process of its own
    #[command(hide = true)]
    CompilePlugin {
        /// Processor time that it may take, in seconds
        #[arg(long)]
        seconds: u64,
        /// Memory that it may take, in bytes
        #[arg(long)]
        bytes: u64,
    },
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Watch the witnesses, alert, and switch where armed
    Run(ConfigFile),
    /// List every problem in the configuration
    Check {
        #[command(flatten)]
        file: ConfigFile,
        /// Ask the endpoints whether the chain is the one that the configuration describes
        #[arg(long)]
        ask: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Show a failover on a simulated chain, from the crash to the new key
    Demo {
        /// What goes wrong
        #[arg(long, value_enum, default_value_t)]
        scenario: Scenario,
        /// Length of a slot in milliseconds; 3000 on a real chain
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(50..=3000))]
        slot_ms: u64,
        /// Keep the demo's files, and print where they are
        #[arg(long)]
        keep: bool,
    },
    /// On the machine of a node: tell the watchers how it is, and at once when its process ends
    Beat {
        /// The configuration file
        #[arg(
            short,
            long,
            value_name = "FILE",
            default_value = "/etc/dogwatch/beat.toml",
            env = "DOGWATCH_BEAT_CONFIG"
        )]
        config: PathBuf,
        /// Show what would be told, and tell nobody
        #[arg(long, conflicts_with_all = ["gone", "new_key"])]
        check: bool,
        /// Say that the node's process has ended: for ExecStopPost= of its unit
        #[arg(long, conflicts_with = "new_key")]
        gone: bool,
        /// Make a key to sign beats with, write it to this file, and print its public half
        #[arg(long, value_name = "FILE")]
        new_key: Option<PathBuf>,
    },
    /// Run a simulated chain that answers like a real node
    Devnet {
        /// The devnet's configuration
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Inspect transactions
    #[command(subcommand)]
    Tx(tx::TxCommand),
    /// Show what the running daemon sees
    Status {
        #[command(flatten)]
        file: ConfigFile,
        #[command(flatten)]
        format: Format,
    },
    /// Show the endpoints, best first: health, head, latency, standing, errors, budget
    Endpoints {
        #[command(flatten)]
        file: ConfigFile,
        /// Ask the endpoints directly instead of the running daemon; takes a few blocks
        #[arg(long)]
        ask: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Switch a witness by hand; the rails apply, and --force overrides the soft ones
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
        /// Override the soft rails: fitness, budget, cool-down, own slot, observe mode
        #[arg(long, conflicts_with = "when")]
        force: bool,
        /// When: "safe" waits for a block of the old node, switches, watches the first block of the new one, and switches
        /// back if that does not come
        #[arg(long, value_name = "WHEN", conflicts_with = "disable")]
        when: Option<When>,
        /// From when on: a time of day in UTC, such as 02:00, or a moment such as 2026-08-01T02:00:00+02:00. Until then the
        /// command waits, and looks again
        #[arg(long, value_name = "MOMENT", requires = "when")]
        at: Option<Moment>,
        /// Say what would be done, and do nothing
        #[arg(long, requires = "when")]
        dry_run: bool,
        /// How long each step may take, such as 30m or 2h
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1h", requires = "when")]
        within: Duration,
        /// The chain, if the witness is watched on several
        #[arg(long)]
        chain: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Lead through an upgrade of all nodes, one after the other: each is proven by a block before the next
    Roll {
        #[command(flatten)]
        file: ConfigFile,
        /// The witness
        witness: String,
        /// The version that all nodes are to run, as `dogwatch status --json` shows it
        #[arg(long)]
        version: String,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
        /// How long each step may take, such as 30m or 2h
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "4h")]
        within: Duration,
        /// The chain, if the witness is watched on several
        #[arg(long)]
        chain: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Pause automatic switches of a witness
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
        #[command(flatten)]
        format: Format,
    },
    /// Acknowledge an alert: it is no longer repeated unless it gets worse
    Ack {
        #[command(flatten)]
        file: ConfigFile,
        /// The alert's key, as `dogwatch alerts` shows it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        key: Option<String>,
        /// Acknowledge all open alerts
        #[arg(long)]
        all: bool,
        /// Who acknowledges it; by default the user's name
        #[arg(long)]
        by: Option<String>,
    },
    /// Test the channels, raise your own alerts, report a failed start
    #[command(subcommand)]
    Alert(alert::AlertCommand),
    /// Hold alerts back for a while; nothing is lost
    #[command(subcommand)]
    Maintenance(maintenance::MaintenanceCommand),
    /// Check whether switches and alerts work now, and wake nobody; --switch proves a standby
    Rehearse {
        #[command(flatten)]
        file: ConfigFile,
        /// Move the signing key to a standby and back: the proof that it holds its key. The rails apply
        #[arg(long)]
        switch: bool,
        /// The witness, if several are watched
        #[arg(long, requires = "switch")]
        witness: Option<String>,
        /// The chain, if the witness is watched on several
        #[arg(long, requires = "switch")]
        chain: Option<String>,
        /// The standby; by default the first that does not hold the key
        #[arg(long, value_name = "NODE", requires = "switch")]
        to: Option<String>,
        /// Do not ask for confirmation
        #[arg(long, requires = "switch")]
        yes: bool,
        /// How long each step may take, such as 30m or 2h
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1h", requires = "switch")]
        within: Duration,
        #[command(flatten)]
        format: Format,
    },
    /// Go through the journal of decisions: what was decided, and what another policy would have decided
    Replay(replay::ReplayOrder),
    /// Play a policy's file in simulated crashes, quiet days and nights, beside the bundled ones
    Simulate(simulate::SimulateOrder),
    /// Show, make and try policies and alert channels
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
}

/// Runs the command line, and returns its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = match cli.command {
        AnyCommand::ForPeople(command) => command,
        AnyCommand::CompilePlugin { seconds, bytes } => {
            return dogwatch_plugins::compile_stdin(Duration::from_secs(seconds), bytes);
        }
    };
    crate::logging::start(cli.log_format);
    crate::install_tls_provider();
    let done = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the async runtime could not start: {error}")))
        .and_then(|runtime| {
            let done = runtime.block_on(execute(command, Clock::system()));
            // A name lookup that is still running must not delay the exit.
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
        CliCommand::Check { file, ask, format } => {
            let by = if ask { check::By::Endpoints } else { check::By::Itself };
            check::check(&file.config, by, format, clock).await
        }
        CliCommand::Demo { scenario, slot_ms, keep } => {
            let files = if keep { DemoFiles::Kept } else { DemoFiles::Removed };
            dogwatch_demo::run(scenario, Duration::from_millis(slot_ms), files, clock).await
        }
        CliCommand::Beat { config, check, gone, new_key } => {
            let order = match new_key {
                Some(file) => BeatOrder::NewKey(file),
                None if check => BeatOrder::Check,
                None if gone => BeatOrder::Gone,
                None => BeatOrder::Run,
            };
            beat::beat(&config, order, clock).await
        }
        CliCommand::Devnet { config } => devnet::run(&config).await,
        CliCommand::Tx(command) => tx::run(command),
        CliCommand::Status { file, format } => status::status(&file.config, format).await,
        CliCommand::Endpoints { file, ask, format } => {
            let from = if ask { endpoints::From::Endpoints } else { endpoints::From::Daemon };
            endpoints::endpoints(&file.config, from, format, clock).await
        }
        CliCommand::Switch {
            file,
            witness,
            node: Some(to),
            when: Some(When::Safe),
            at,
            chain,
            dry_run,
            within,
            format,
            ..
        } => {
            let run = if dry_run { Run::Dry } else { Run::Real };
            let order = SwitchoverOrder { witness, chain, to, at, within, run };
            interrupt::guard(|under_way| switchover::switchover(&file.config, order, format, clock, under_way)).await
        }
        CliCommand::Switch { file, witness, node, disable, force, chain, format, .. } => {
            let to = if disable { None } else { node };
            let request = switch::SwitchOrder { witness: &witness, chain, to, force };
            switch::switch(&file.config, request, format).await
        }
        CliCommand::Roll { file, witness, version, dry_run, within, chain, format } => {
            let run = if dry_run { Run::Dry } else { Run::Real };
            let order = roll::RollOrder { witness, chain, version, within, run };
            interrupt::guard(|under_way| roll::roll(&file.config, order, format, under_way)).await
        }
        CliCommand::Pause { file, witness, span, chain } => {
            pause::pause(&file.config, &witness, chain, Some(span)).await
        }
        CliCommand::Resume { file, witness, chain } => pause::pause(&file.config, &witness, chain, None).await,
        CliCommand::Alerts { file, format } => alerts::alerts(&file.config, format).await,
        CliCommand::Ack { file, key, all: _, by } => ack::ack(&file.config, key, by).await,
        CliCommand::Alert(command) => alert::alert(command, clock).await,
        CliCommand::Maintenance(command) => maintenance::maintenance(command).await,
        CliCommand::Rehearse { file, switch: true, witness, chain, to, yes, within, format } => {
            let order = prove::ProofOrder { witness, chain, to, confirmed: yes, within };
            prove::prove(&file.config, order, format).await
        }
        CliCommand::Rehearse { file, format, .. } => rehearse::rehearse(&file.config, format).await,
        CliCommand::Replay(order) => replay::replay(&order),
        CliCommand::Simulate(order) => simulate::simulate(&order),
        CliCommand::Plugin(command) => plugin::run(command, clock),
    }
}
