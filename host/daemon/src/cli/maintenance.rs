//! `dogwatch maintenance`.

use std::time::Duration;

use clap::Subcommand;
use dogwatch_alerts::Maintenance;
use dogwatch_client::{Failure, MaintenanceRequest};

use crate::cli::common::{ConfigFile, duration, say};
use crate::cli::daemon;

#[derive(Debug, Subcommand)]
pub(super) enum MaintenanceCommand {
    /// Hold alerts back for a while; those still open at the end are sent then, with a digest of the rest
    Start {
        #[command(flatten)]
        file: ConfigFile,
        /// For how long, such as 30m or 2h; 7d at most
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        span: Duration,
        /// Only alerts about this witness
        #[arg(long)]
        witness: Option<String>,
        /// The reason
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// End the maintenance now
    End {
        #[command(flatten)]
        file: ConfigFile,
    },
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
    let window: Option<Maintenance> = daemon::of(&file.config)?.post("/maintenance", &request).await?;
    match window {
        Some(window) => say(format_args!(
            "Alerts are held back until {} UTC{}. Alerts that are still open then are sent then.",
            window.until,
            scope(&window)
        )),
        None => say("Alerts are sent again. A digest of what was held back is on its way."),
    }
}

/// What a maintenance covers, if not everything.
pub(super) fn scope(window: &Maintenance) -> String {
    window.witness.as_ref().map_or_else(String::new, |witness| format!(", for witness {witness} only"))
}
