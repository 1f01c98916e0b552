//! What PagerDuty's responses mean.

use dogwatch_sdk::channel::{Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};
use dogwatch_sdk::text::quoted;

/// Judges the response to an event with that key. Only 202 is a success; the event is processed later.
pub(crate) fn of_message(response: &Response, key: &str) -> Judgement {
    let body = parse(&response.body);
    match response.status {
        202 => {
            let receipt = body.get("dedup_key").and_then(Value::as_str).unwrap_or(key);
            Judgement::Accepted(receipt.to_owned())
        }
        200..=299 => Judgement::Permanent(format!(
            "the service answers {}, but PagerDuty would answer 202: is the url right?",
            response.status
        )),
        // PagerDuty asks for a retry after some minutes.
        429 | 500..=599 => match http::retry_after(response) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => http::judge(response).with_detail(&words(&body)),
        },
        400 => Judgement::Permanent(match quoted(&words(&body)).as_str() {
            "" => "PagerDuty refuses the event (400); is the secret routing_key right?".to_owned(),
            words => format!("PagerDuty refuses the event (400): {words}; is the secret routing_key right?"),
        }),
        _ => http::judge(response).with_detail(&words(&body)),
    }
}

/// The errors that PagerDuty lists, or else its message.
fn words(body: &Value) -> String {
    let errors = match body.get("errors") {
        Some(Value::Array(errors)) => errors.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        Some(Value::String(error)) => error.clone(),
        _ => String::new(),
    };
    if errors.is_empty() { text(body, "message").to_owned() } else { errors }
}
