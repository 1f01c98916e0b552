//! `dogwatch alert test`, `raise`, `resolve` and `boot-failure`.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use dogwatch_alerts::Severity;
use dogwatch_client::{Exit, Failure, RaiseRequest, TestReport, TestRequest};

use crate::cli::common::{ConfigFile, Format, say};
use crate::cli::daemon;
use crate::clock::Clock;
use crate::config::paths;
use crate::fallback::start_failure::{self, NoticedBy, StartFailure};

#[derive(Debug, Subcommand)]
pub(super) enum AlertCommand {
    /// Test the channels: a self-test that wakes nobody, or with --as a real message
    Test {
        #[command(flatten)]
        file: ConfigFile,
        /// Test only this channel
        #[arg(long)]
        channel: Option<String>,
        /// Send a real message of this severity; a page wakes somebody
        #[arg(long = "as", value_name = "SEVERITY")]
        severity: Option<SeverityArgument>,
        #[command(flatten)]
        format: Format,
    },
    /// Raise your own alert, for scripts; raised again, it stays one alert until it is resolved
    Raise {
        #[command(flatten)]
        file: ConfigFile,
        /// The alert's name, such as backup/failed
        name: String,
        /// What happened, in one line
        summary: String,
        /// How serious it is
        #[arg(long, default_value = "warning")]
        severity: SeverityArgument,
        /// More about it
        #[arg(long, default_value = "")]
        details: String,
    },
    /// Resolve your own alert
    Resolve {
        #[command(flatten)]
        file: ConfigFile,
        /// The alert's name
        name: String,
    },
    /// Report a failed unit, without a configuration or a daemon; for systemd's OnFailure=
    BootFailure {
        /// The unit that failed
        #[arg(long, default_value = "dogwatch.service")]
        unit: String,
        /// The state directory; by default $STATE_DIRECTORY, or /var/lib/dogwatch
        #[arg(long)]
        state_dir: Option<PathBuf>,
    },
}

/// A severity on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SeverityArgument {
    Info,
    Warning,
    Critical,
    Page,
}

impl From<SeverityArgument> for Severity {
    fn from(severity: SeverityArgument) -> Self {
        match severity {
            SeverityArgument::Info => Self::Info,
            SeverityArgument::Warning => Self::Warning,
            SeverityArgument::Critical => Self::Critical,
            SeverityArgument::Page => Self::Page,
        }
    }
}

pub(super) async fn alert(command: AlertCommand, clock: Clock) -> Result<(), Failure> {
    match command {
        AlertCommand::Test { file, channel, severity, format } => {
            let request = TestRequest { channel, severity: severity.map(Severity::from) };
            test(&file.config, &request, format).await
        }
        AlertCommand::Raise { file, name, summary, severity, details } => {
            let request = RaiseRequest { cause: name, severity: severity.into(), summary: Some(summary), details };
            let key: String = daemon::of(&file.config)?.post("/alert/raise", &request).await?;
            say(format_args!("raised: {key}"))
        }
        AlertCommand::Resolve { file, name } => {
            let request = RaiseRequest { cause: name, severity: Severity::Info, summary: None, details: String::new() };
            let key: String = daemon::of(&file.config)?.post("/alert/raise", &request).await?;
            say(format_args!("resolved: {key}"))
        }
        AlertCommand::BootFailure { unit, state_dir } => boot_failure(&unit, state_dir, clock).await,
    }
}

async fn test(config: &Path, request: &TestRequest, format: Format) -> Result<(), Failure> {
    let reports: Vec<TestReport> = daemon::of(config)?.post("/alert/test", request).await?;
    let line = |report: &TestReport| {
        let mark = match report.works {
            Some(true) => "ok",
            Some(false) => "FAILS",
            None => "not known",
        };
        format!("{:<16} {mark:<9} {}", report.channel, report.what)
    };
    format.print(&reports, |reports| reports.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    if reports.iter().any(|report| report.works == Some(false)) {
        return Err(Failure::with(Exit::Unfit, "a channel does not work"));
    }
    Ok(())
}

async fn boot_failure(unit: &str, state_dir: Option<PathBuf>, clock: Clock) -> Result<(), Failure> {
    let state_dir = state_dir.unwrap_or_else(paths::default_state_dir);
    let variable = |name: &str| std::env::var(name).ok().map(|value| format!("{name}={value}"));
    let about: Vec<String> = ["MONITOR_SERVICE_RESULT", "MONITOR_EXIT_CODE", "MONITOR_EXIT_STATUS"]
        .into_iter()
        .filter_map(variable)
        .collect();
    let failure = StartFailure {
        summary: format!("unit {unit} has failed"),
        details: format!("systemd has reported it. {}", about.join(", ")).trim_end().to_owned(),
        command: format!("journalctl -u {unit} -e"),
    };
    let told = start_failure::tell(None, &state_dir, &failure, NoticedBy::Another, clock).await;
    told.print();
    if told.delivered.is_empty() && told.silent.is_none() {
        return Err(Failure::other("no channel could be notified"));
    }
    Ok(())
}
