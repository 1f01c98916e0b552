//! `dogwatch ack`.

use std::path::Path;

use dogwatch_client::{AckRequest, Failure};

use crate::cli::common::say;
use crate::cli::daemon;

pub(super) async fn ack(config: &Path, key: Option<String>, by: Option<String>) -> Result<(), Failure> {
    let by = by.or_else(|| std::env::var("SUDO_USER").ok()).or_else(|| std::env::var("USER").ok());
    let request = AckRequest { key, by: by.unwrap_or_else(|| "somebody".to_owned()) };
    let keys: Vec<String> = daemon::of(config)?.post("/ack", &request).await?;
    if keys.is_empty() {
        return say("No alerts are open.");
    }
    say(keys.iter().map(|key| format!("acknowledged: {key}")).collect::<Vec<_>>().join("\n"))
}
