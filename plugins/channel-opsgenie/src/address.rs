//! The service's address, and which of the two services it is.

use dogwatch_sdk::{Settings, Value};

/// Opsgenie's API outside the European Union.
pub(crate) const OPSGENIE: &str = "https://api.opsgenie.com";
/// The start of every path in Jira Service Management's API.
const JIRA: &str = "/jsm/";

/// Checks that the URL does not include the path of the requests.
pub(crate) fn check(url: &str) -> Result<(), String> {
    match url.trim_end_matches('/').strip_suffix("/v2/alerts") {
        Some(base) => {
            let (_, base) = base.split_once("://").unwrap_or(("", base));
            Err(format!("must be the address without /v2/alerts, which is appended: …{base}"))
        }
        None => Ok(()),
    }
}

/// Whether an integration's key may query the result of a request: yes in Opsgenie, no in Jira Service Management.
pub(crate) fn answers_for_requests(settings: &Settings) -> bool {
    !matches!(settings.get("url"), Some(Value::Text(url)) if url.contains(JIRA))
}
