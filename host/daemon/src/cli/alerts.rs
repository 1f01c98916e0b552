//! `dogwatch alerts`, `ack`, `maintenance`, `alert …` and `rehearse`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use dogwatch_alerts::Maintenance;
use dogwatch_engine::Severity;

use crate::boot::{self, StartFailure, Witness};
use crate::cli::{ConfigFile, Exit, Failure, client, duration, run, say};
use crate::control::{AckRequest, AlertList, MaintenanceRequest, OpenAlert, RaiseRequest, TestReport, TestRequest};
use crate::rehearsal::Report;

#[derive(Debug, Subcommand)]
pub(super) enum AlertCommand {
    /// Try the channels: a self-test that wakes nobody, or with --as a real message
    Test {
        #[command(flatten)]
        file: ConfigFile,
        /// This channel alone
        #[arg(long)]
        channel: Option<String>,
        /// Send a message of this severity: a page wakes somebody
        #[arg(long = "as", value_name = "SEVERITY")]
        severity: Option<SeverityArgument>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Raise an alert of your own, for scripts: raised again it is one alert, until it is resolved
    Raise {
        #[command(flatten)]
        file: ConfigFile,
        /// Its name, such as backup/failed
        name: String,
        /// What happened, in one line
        summary: String,
        /// How bad it is
        #[arg(long, default_value = "warning")]
        severity: SeverityArgument,
        /// More of it
        #[arg(long, default_value = "")]
        details: String,
    },
    /// Call off an alert of your own
    Resolve {
        #[command(flatten)]
        file: ConfigFile,
        /// Its name
        name: String,
    },
    /// Tell the operator that a unit failed, with no configuration and no daemon: for systemd's OnFailure=
    BootFailure {
        /// The unit that failed
        #[arg(long, default_value = "dogwatch.service")]
        unit: String,
        /// Where the state is; else $STATE_DIRECTORY, or the default
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

#[derive(Debug, Subcommand)]
pub(super) enum MaintenanceCommand {
    /// Hold alerts back for a while; what is open at its end is said then, with a digest of the rest
    Start {
        #[command(flatten)]
        file: ConfigFile,
        /// For how long, such as 30m or 2h; 7d at most
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        span: Duration,
        /// Only alerts about this witness
        #[arg(long)]
        witness: Option<String>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// End it now
    End {
        #[command(flatten)]
        file: ConfigFile,
    },
}

pub(super) async fn alerts(config: &Path, as_json: bool) -> Result<(), Failure> {
    let list: AlertList = client::get(config, "/alerts").await?;
    if as_json {
        return say(serde_json::to_string_pretty(&list).map_err(Failure::other)?);
    }
    let mut out: Vec<String> = list.alerts.iter().map(shown).collect();
    if out.is_empty() {
        out.push("No alert is open.".to_owned());
    }
    if let Some(window) = &list.maintenance {
        out.push(format!("Maintenance until {} UTC{}.", window.until, of(window)));
    }
    say(out.join("\n\n"))
}

fn of(window: &Maintenance) -> String {
    window.witness.as_ref().map_or_else(String::new, |witness| format!(", of witness {witness} alone"))
}

fn shown(alert: &OpenAlert) -> String {
    let mut lines = vec![format!("{}  {}", alert.severity.to_string().to_uppercase(), alert.summary)];
    lines.push(format!("  {}  since {} UTC", alert.key, alert.opened_at));
    lines.extend(alert.details.lines().map(|line| format!("  {line}")));
    if !alert.remedy.is_empty() {
        lines.push(format!("  To do: {}", alert.remedy));
    }
    if !alert.command.is_empty() {
        lines.push(format!("  Type: {}", alert.command));
    }
    match (&alert.acknowledged_by, &alert.hold) {
        (Some(by), _) => lines.push(format!("  Acknowledged by {by}.")),
        (None, Some(hold)) => lines.push(format!("  Held back: {hold}.")),
        (None, None) => {
            let told = if alert.told.is_empty() { "nobody".to_owned() } else { alert.told.join(", ") };
            let next = alert
                .next
                .as_ref()
                .map_or_else(String::new, |(at, names)| format!("; next {} at {at} UTC", names.join(", ")));
            lines.push(format!("  Told: {told}{next}. To take it on: dogwatch ack {}", alert.key));
        }
    }
    lines.join("\n")
}

pub(super) async fn ack(config: &Path, key: Option<String>, by: Option<String>) -> Result<(), Failure> {
    let by = by.or_else(|| std::env::var("SUDO_USER").ok()).or_else(|| std::env::var("USER").ok());
    let request = AckRequest { key, by: by.unwrap_or_else(|| "somebody".to_owned()) };
    let keys: Vec<String> = client::post(config, "/ack", &request).await?;
    if keys.is_empty() {
        return say("No alert is open.");
    }
    say(keys.iter().map(|key| format!("acknowledged: {key}")).collect::<Vec<_>>().join("\n"))
}

pub(super) async fn maintenance(command: MaintenanceCommand) -> Result<(), Failure> {
    let (file, request) = match command {
        MaintenanceCommand::Start { file, span, witness, reason } => {
            let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            (file, MaintenanceRequest { millis: Some(millis), witness, reason })
        }
        MaintenanceCommand::End { file } => {
            (file, MaintenanceRequest { millis: None, witness: None, reason: String::new() })
        }
    };
    let window: Option<Maintenance> = client::post(&file.config, "/maintenance", &request).await?;
    match window {
        Some(window) => say(format_args!(
            "Alerts are held back until {} UTC{}. Nothing is lost: what is open then is said then.",
            window.until,
            of(&window)
        )),
        None => say("Alerts are said again. What came meanwhile is on its way, in a digest."),
    }
}

pub(super) async fn alert(command: AlertCommand) -> Result<(), Failure> {
    match command {
        AlertCommand::Test { file, channel, severity, json } => {
            let request = TestRequest { channel, severity: severity.map(Severity::from) };
            test(&file.config, &request, json).await
        }
        AlertCommand::Raise { file, name, summary, severity, details } => {
            let request = RaiseRequest { cause: name, severity: severity.into(), summary: Some(summary), details };
            let key: String = client::post(&file.config, "/alert/raise", &request).await?;
            say(format_args!("raised: {key}"))
        }
        AlertCommand::Resolve { file, name } => {
            let request = RaiseRequest { cause: name, severity: Severity::Info, summary: None, details: String::new() };
            let key: String = client::post(&file.config, "/alert/raise", &request).await?;
            say(format_args!("resolved: {key}"))
        }
        AlertCommand::BootFailure { unit, state_dir } => boot_failure(&unit, state_dir).await,
    }
}

async fn test(config: &Path, request: &TestRequest, as_json: bool) -> Result<(), Failure> {
    let reports: Vec<TestReport> = client::post(config, "/alert/test", request).await?;
    if as_json {
        say(serde_json::to_string_pretty(&reports).map_err(Failure::other)?)?;
    } else {
        let line = |report: &TestReport| {
            let mark = match report.works {
                Some(true) => "ok",
                Some(false) => "FAILS",
                None => "not known",
            };
            format!("{:<16} {mark:<9} {}", report.channel, report.what)
        };
        say(reports.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    }
    if reports.iter().any(|report| report.works == Some(false)) {
        return Err(Failure::with(Exit::Unfit, "a channel does not work"));
    }
    Ok(())
}

pub(super) async fn rehearse(config: &Path, as_json: bool) -> Result<(), Failure> {
    let report: Report = client::post(config, "/rehearse", &()).await?;
    if as_json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::other)?)?;
    } else {
        say(report.lines().join("\n"))?;
    }
    if report.passed() { Ok(()) } else { Err(Failure::with(Exit::Unfit, "something would not work now")) }
}

async fn boot_failure(unit: &str, state_dir: Option<PathBuf>) -> Result<(), Failure> {
    let state_dir = state_dir.unwrap_or_else(|| boot::state_dir(Path::new("/nonexistent")));
    let said = |name: &str| std::env::var(name).ok().map(|value| format!("{name}={value}"));
    let about: Vec<String> =
        ["MONITOR_SERVICE_RESULT", "MONITOR_EXIT_CODE", "MONITOR_EXIT_STATUS"].into_iter().filter_map(said).collect();
    let failure = StartFailure {
        summary: format!("unit {unit} has failed"),
        details: format!("systemd says so. {}", about.join(", ")).trim_end().to_owned(),
        command: format!("journalctl -u {unit} -e"),
    };
    let told = boot::tell(None, &state_dir, &failure, Witness::Another).await;
    run::report(&told);
    if told.delivered.is_empty() && told.silent.is_none() {
        return Err(Failure::other("no channel could be told"));
    }
    Ok(())
}
