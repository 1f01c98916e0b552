//! What became of a request.

use dogwatch_sdk::channel::{Alert, Event, Progress, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::quoted;

use crate::judge;

/// When to ask again about what is not worked on yet, in milliseconds.
const AGAIN: u64 = 5000;
/// When to ask again after the question itself failed, in milliseconds.
const AFTER_FAILURE: u64 = 30_000;

/// Judges the answer to the question.
pub(crate) fn judge(alert: &Alert, response: &Response) -> Progress {
    let body = parse(&response.body);
    match response.status {
        200..=299 => worked_on(alert, &body),
        404 if is_not_yet(response, &body) => Progress::Waiting(AGAIN),
        408 | 425 | 429 | 500..=599 => Progress::Waiting(judge::wait(response).unwrap_or(AFTER_FAILURE)),
        // The service took the request, and this key may not ask, or nobody is there to be asked.
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
            "" => "Opsgenie took the request and could not do it".to_owned(),
            words => format!("Opsgenie took the request and could not do it: {words}"),
        }),
        // Not what Opsgenie says of a request that it has worked on.
        None => Progress::Waiting(AFTER_FAILURE),
    }
}

/// Whether nothing was left to be done: somebody has closed the alert by hand, or acknowledged it.
fn is_moot(alert: &Alert, status: &str) -> bool {
    let status = status.to_ascii_lowercase();
    matches!(alert.event, Event::Acknowledged | Event::Resolved)
        && ["not exist", "already", "not found", "closed"].iter().any(|moot| status.contains(moot))
}

/// Opsgenie answers 404 both to what it never heard of and to what it has not worked on yet; only the latter says so.
fn is_not_yet(response: &Response, body: &Value) -> bool {
    let message = text(body, "message");
    http::header(response, "x-opsgenie-errortype") == Some("RequestNotProcessed")
        || message.to_ascii_lowercase().contains("processed")
}
