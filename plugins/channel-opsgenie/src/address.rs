//! Where the service is, and which of the two it is.

use dogwatch_sdk::{Settings, Value};

/// Opsgenie's API outside the European Union.
pub(crate) const OPSGENIE: &str = "https://api.opsgenie.com";
/// What the path of Jira Service Management's API begins with.
const JIRA: &str = "/jsm/";

/// Whether paths can be appended to this address; the host has the last word.
pub(crate) fn check(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if url.trim_end_matches('/').ends_with("/v2/alerts") => {
            let base = rest.trim_end_matches('/').trim_end_matches("/v2/alerts");
            Err(format!("must be the address without /v2/alerts, which is appended: …{base}"))
        }
        Some(rest) if !rest.is_empty() && !url.contains([' ', '\t', '\n', '?', '#']) => Ok(()),
        _ => Err(format!("must be an address such as {OPSGENIE}")),
    }
}

/// Whether an integration's key can ask there what became of a request: in Opsgenie, not in Jira Service Management.
pub(crate) fn answers_for_requests(settings: &Settings) -> bool {
    !matches!(settings.get("url"), Some(Value::Text(url)) if url.contains(JIRA))
}
