//! Where the service is, and which of the two it is.

use dogwatch_sdk::{Settings, Value};

/// Opsgenie's API outside the European Union.
pub(crate) const OPSGENIE: &str = "https://api.opsgenie.com";
/// What the path of Jira Service Management's API begins with.
const JIRA: &str = "/jsm/";

/// Whether the path of the requests has been left out.
pub(crate) fn check(url: &str) -> Result<(), String> {
    match url.trim_end_matches('/').strip_suffix("/v2/alerts") {
        Some(base) => {
            let (_, base) = base.split_once("://").unwrap_or(("", base));
            Err(format!("must be the address without /v2/alerts, which is appended: …{base}"))
        }
        None => Ok(()),
    }
}

/// Whether an integration's key can ask there what became of a request: in Opsgenie, not in Jira Service Management.
pub(crate) fn answers_for_requests(settings: &Settings) -> bool {
    !matches!(settings.get("url"), Some(Value::Text(url)) if url.contains(JIRA))
}
