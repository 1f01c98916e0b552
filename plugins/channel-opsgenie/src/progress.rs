//! The result of a request.

use dogwatch_sdk::channel::{Alert, Event, Progress, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::quoted;

use crate::judge;

/// When to ask again about a request that is not processed yet, in milliseconds.
const AGAIN: u64 = 5000;
/// When to ask again after the query itself failed, in milliseconds.
const AFTER_FAILURE: u64 = 30_000;

/// Judges the response to the query.
pub(crate) fn judge(alert: &Alert, response: &Response) -> Progress {
    let body = parse(&response.body);
    match response.status {
        200..=299 => worked_on(alert, &body),
        404 if is_not_yet(response, &body) => Progress::Waiting(AGAIN),
        408 | 425 | 429 | 500..=599 => Progress::Waiting(judge::wait(response).unwrap_or(AFTER_FAILURE)),
        // The service accepted the request, but this key may not ask, or the service cannot be asked.
        _ => Progress::Over,
    }
}

fn worked_on(alert: &Alert, body: &Value) -> Progress {
    let data = body.get("data").unwrap_or(body);
    let status = text(data, "status");
    match data.get("isSuccess").and_then(Value::as_bool) {
        Some(true) => Progress::Over,
        Some(false) if is_moot(alert, status) => Progress::Over,
        Some(false) => Progress::Unreached(match quoted(status).as_str() {
            "" => "Opsgenie accepted the request but could not carry it out".to_owned(),
            words => format!("Opsgenie accepted the request but could not carry it out: {words}"),
        }),
        // Opsgenie does not answer this for a processed request.
        None => Progress::Waiting(AFTER_FAILURE),
    }
}

/// Whether there was nothing left to do: somebody closed or acknowledged the alert by hand.
fn is_moot(alert: &Alert, status: &str) -> bool {
    let status = status.to_ascii_lowercase();
    matches!(alert.event, Event::Acknowledged | Event::Resolved)
        && ["not exist", "already", "not found", "closed"].iter().any(|moot| status.contains(moot))
}

/// Opsgenie answers 404 both for unknown requests and for those not processed yet, but says so only for the latter.
fn is_not_yet(response: &Response, body: &Value) -> bool {
    let message = text(body, "message");
    http::header(response, "x-opsgenie-errortype") == Some("RequestNotProcessed")
        || message.to_ascii_lowercase().contains("processed")
}
