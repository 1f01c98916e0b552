//! What the service's responses mean.

use dogwatch_sdk::channel::{Following, Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse, text};

/// How long to wait before querying the result of a request, in milliseconds. Most are processed within a second.
const FIRST_ASKED: u64 = 2000;

/// Judges the response to a request. Only 202 is a success; the request is processed later.
pub(crate) fn of_message(response: &Response, follows: bool) -> Judgement {
    let body = parse(&response.body);
    match response.status {
        202 => match body.get("requestId").and_then(Value::as_str) {
            Some(receipt) if follows && !receipt.is_empty() => {
                Judgement::Follow(Following { receipt: receipt.to_owned(), after: FIRST_ASKED, delivered: false })
            }
            receipt => Judgement::Accepted(receipt.unwrap_or_default().to_owned()),
        },
        200..=299 => Judgement::Permanent(format!(
            "the service answers {}, but Opsgenie would answer 202: is the url right?",
            response.status
        )),
        429 | 503 => match wait(response) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => http::judge(response).with_detail(&words(&body)),
        },
        402 => {
            Judgement::Permanent("the account's plan does not allow this (402)".to_owned()).with_detail(&words(&body))
        }
        401 | 403 | 422 => {
            let why = format!(
                "the service answers {}; is the secret key that of an API integration, and does the url fit its region?",
                response.status
            );
            Judgement::Permanent(why).with_detail(&words(&body))
        }
        _ => http::judge(response).with_detail(&words(&body)),
    }
}

/// How long the service asks us to wait, in milliseconds: by the usual header, or by Opsgenie's own.
pub(crate) fn wait(response: &Response) -> Option<u64> {
    http::retry_after(response).or_else(|| {
        let seconds = http::header(response, "x-ratelimit-period-in-sec")?.parse::<u64>().ok()?;
        Some(http::wait(seconds.max(1)))
    })
}

/// The message, and what is wrong with each field.
fn words(body: &Value) -> String {
    let message = text(body, "message");
    let errors = match body.get("errors") {
        Some(Value::Object(errors)) => errors
            .iter()
            .map(|(name, why)| format!("{name}: {}", why.as_str().map_or_else(|| why.to_string(), str::to_owned)))
            .collect::<Vec<_>>()
            .join("; "),
        _ => String::new(),
    };
    format!("{message} {errors}")
}
