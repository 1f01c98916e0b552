//! What the service's answers mean.

use dogwatch_sdk::channel::{Following, Judgement, Response};
use dogwatch_sdk::http;
use dogwatch_sdk::json::{Value, parse};
use dogwatch_sdk::text::{Unit, cut, one_line};

/// The most that is quoted of the service's own words, in characters.
const QUOTED: usize = 200;
/// When to ask for the first time what became of a request, in milliseconds. Most are worked on within a second.
const FIRST_ASKED: u64 = 2000;
/// The longest wait that is obeyed, in seconds.
const LONGEST_WAIT: u64 = 3600;

/// Judges the answer to a request. 202 alone is a success, and the request is worked on later.
pub(crate) fn judge(response: &Response, follows: bool) -> Judgement {
    let body = parse(&response.body);
    match response.status {
        202 => match body.get("requestId").and_then(Value::as_str) {
            Some(receipt) if follows && !receipt.is_empty() => {
                Judgement::Follow(Following { receipt: receipt.to_owned(), after: FIRST_ASKED, delivered: false })
            }
            receipt => Judgement::Accepted(receipt.unwrap_or_default().to_owned()),
        },
        200..=299 => Judgement::Permanent(format!(
            "the service answers {}, and Opsgenie would answer 202: is the url right?",
            response.status
        )),
        429 | 503 => match wait(response) {
            Some(millis) => Judgement::RetryAfter(millis),
            None => with_words(http::judge(response), &body),
        },
        402 => with_words(Judgement::Permanent("the account's plan does not allow this (402)".to_owned()), &body),
        401 | 403 | 422 => {
            let why = format!(
                "the service answers {}; is the secret key that of an API integration, and does the url fit its region?",
                response.status
            );
            with_words(Judgement::Permanent(why), &body)
        }
        _ => with_words(http::judge(response), &body),
    }
}

/// How long the service asks us to wait, in milliseconds: by the usual header, or by Opsgenie's own.
pub(crate) fn wait(response: &Response) -> Option<u64> {
    http::retry_after(response).or_else(|| {
        let seconds = http::header(response, "x-ratelimit-period-in-sec")?.parse::<u64>().ok()?;
        Some(seconds.clamp(1, LONGEST_WAIT).saturating_mul(1000))
    })
}

fn with_words(judgement: Judgement, body: &Value) -> Judgement {
    let Some(words) = words(body) else { return judgement };
    match judgement {
        Judgement::Transient(why) => Judgement::Transient(format!("{why}: {words}")),
        Judgement::Permanent(why) => Judgement::Permanent(format!("{why}: {words}")),
        other => other,
    }
}

/// The message, and what is wrong with which field.
fn words(body: &Value) -> Option<String> {
    let message = body.get("message").and_then(Value::as_str).unwrap_or_default();
    let errors = match body.get("errors") {
        Some(Value::Object(errors)) => errors
            .iter()
            .map(|(name, why)| format!("{name}: {}", why.as_str().map_or_else(|| why.to_string(), str::to_owned)))
            .collect::<Vec<_>>()
            .join("; "),
        _ => String::new(),
    };
    quoted(&format!("{message} {errors}"))
}

/// The service's words in one line, if there are any.
pub(crate) fn quoted(text: &str) -> Option<String> {
    let text = one_line(text);
    (!text.is_empty()).then(|| cut(&text, QUOTED, Unit::Chars))
}
