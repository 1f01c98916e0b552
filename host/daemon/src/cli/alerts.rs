//! `dogwatch alerts`.

use std::path::Path;

use dogwatch_client::{AlertList, Failure, OpenAlert};

use crate::cli::common::say;
use crate::cli::{daemon, maintenance};

pub(super) async fn alerts(config: &Path, as_json: bool) -> Result<(), Failure> {
    let list: AlertList = daemon::of(config)?.get("/alerts").await?;
    if as_json {
        return say(serde_json::to_string_pretty(&list).map_err(Failure::other)?);
    }
    let mut out: Vec<String> = list.alerts.iter().map(shown).collect();
    if out.is_empty() {
        out.push("No alerts are open.".to_owned());
    }
    if let Some(window) = &list.maintenance {
        out.push(format!("Maintenance until {} UTC{}.", window.until, maintenance::scope(window)));
    }
    say(out.join("\n\n"))
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
