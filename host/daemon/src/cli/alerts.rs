//! `dogwatch alerts`.

use std::path::Path;

use dogwatch_client::{AlertList, Failure, OpenAlert};

use crate::cli::common::Format;
use crate::cli::{daemon, maintenance};

pub(super) async fn alerts(config: &Path, format: Format) -> Result<(), Failure> {
    let list: AlertList = daemon::of(config)?.get("/alerts").await?;
    format.print(&list, plain)
}

fn plain(list: &AlertList) -> String {
    let mut out: Vec<String> = list.alerts.iter().map(shown).collect();
    if out.is_empty() {
        out.push("No alerts are open.".to_owned());
    }
    if let Some(window) = &list.maintenance {
        out.push(format!("Maintenance until {} UTC{}.", window.until, maintenance::scope(window)));
    }
    out.join("\n\n")
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
            lines.push(format!("  Notified: {told}{next}. To acknowledge it: dogwatch ack {}", alert.key));
        }
    }
    lines.join("\n")
}
